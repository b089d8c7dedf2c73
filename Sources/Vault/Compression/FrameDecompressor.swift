import CZstd
import Foundation

/// Reads stored documents that were written with any of some dictionaries.
///
/// Not to be shared between tasks: each call of the vault makes its own.
final class FrameDecompressor {
    private let context: OpaquePointer
    /// nil behind a dictionary that could not be loaded: it may have taken the one before along.
    private var loaded: BodyCoding? = .plain

    init() throws(VaultError) {
        guard let context = ZSTD_createDCtx() else { throw .outOfMemory }
        self.context = context
        let result = ZSTD_DCtx_setParameter(context, ZSTD_d_experimentalParam1, FrameFormat.magicless)
        guard ZSTD_isError(result) == 0 else { throw .outOfMemory }
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Returns the document; nil where the frame is broken or has another size.
    func decompress(
        _ data: Data, coding: BodyCoding, size: Int, dictionary: (Int) throws -> CompressionDictionary?
    ) throws -> Data? {
        if coding == .raw { return data.count == size ? data : nil }
        guard size >= 0, size <= Self.largest, try load(coding, dictionary) else { return nil }
        var document = Data(count: size)
        let result = document.withUnsafeMutableBytes { target in
            data.withUnsafeBytes { source in
                ZSTD_decompressDCtx(context, target.baseAddress, target.count, source.baseAddress, source.count)
            }
        }
        guard ZSTD_isError(result) == 0, result == size else { return nil }
        return document
    }

    /// No SQLite value is larger; a damaged size must not ask for all memory.
    static let largest = 1 << 30

    private func load(_ coding: BodyCoding, _ dictionary: (Int) throws -> CompressionDictionary?) throws -> Bool {
        guard coding != loaded else { return true }
        var bytes = Data()
        if case .dictionary(let id) = coding {
            guard let found = try dictionary(id) else { return false }
            bytes = found.bytes
        }
        loaded = nil
        let result = bytes.withUnsafeBytes { ZSTD_DCtx_loadDictionary(context, $0.baseAddress, $0.count) }
        guard ZSTD_isError(result) == 0 else { return false }
        loaded = coding
        return true
    }
}
