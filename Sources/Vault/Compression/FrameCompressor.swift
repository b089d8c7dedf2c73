import CZstd
import Foundation

/// The form of the frames: zstd's, without the magic number of four bytes that all would begin with.
enum FrameFormat {
    /// `ZSTD_f_zstd1_magicless` of zstd.h, in which it stands among what is not frozen, like the parameters that take it.
    static let magicless: Int32 = 1
}

/// Compresses documents one by one, each into its own zstd frame.
///
/// Not to be shared between tasks: each call of the vault makes its own.
final class FrameCompressor {
    /// Higher levels gain a hundredth and cost five times the time (measured).
    private static let level: Int32 = 3

    /// The coding of the frames it makes.
    let coding: BodyCoding
    private let context: OpaquePointer
    private var buffer: [UInt8] = []

    init(dictionary: CompressionDictionary?) throws(VaultError) {
        guard let context = ZSTD_createCCtx() else { throw .outOfMemory }
        self.context = context
        coding = dictionary.map { .dictionary($0.id) } ?? .plain
        // The row tells the size, the dictionary and a hash; the frame needn't.
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, Self.level), (ZSTD_c_contentSizeFlag, 0), (ZSTD_c_dictIDFlag, 0),
            (ZSTD_c_checksumFlag, 0), (ZSTD_c_experimentalParam2, FrameFormat.magicless),
        ] {
            ZSTD_CCtx_setParameter(context, parameter, value)
        }
        guard let dictionary else { return }
        let result = dictionary.bytes.withUnsafeBytes {
            ZSTD_CCtx_loadDictionary(context, $0.baseAddress, $0.count)
        }
        guard ZSTD_isError(result) == 0 else { throw .outOfMemory }
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Returns the stored form of a document: a frame, or the document itself where a frame is not smaller.
    func compress(_ document: Data) -> (coding: BodyCoding, data: Data) {
        let bound = ZSTD_compressBound(document.count)
        if buffer.count < bound { buffer = [UInt8](repeating: 0, count: bound) }
        let frame = document.withUnsafeBytes { source in
            buffer.withUnsafeMutableBytes { target -> Data? in
                let size = ZSTD_compress2(context, target.baseAddress, target.count, source.baseAddress, source.count)
                guard ZSTD_isError(size) == 0, size < source.count else { return nil }
                return target.baseAddress.map { Data(bytes: $0, count: size) }
            }
        }
        guard let frame else { return (.raw, document) }
        return (coding, frame)
    }
}
