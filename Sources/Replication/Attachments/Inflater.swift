import CZlib
import CouchDB
import Foundation

/// Decompresses gzip piece by piece, into pieces of a bounded size.
final class Inflater {
    private static let pieceSize = 64 << 10

    private let stream: UnsafeMutablePointer<z_stream>
    private var input = Data()
    private var hasEnded = false

    init() throws(CouchError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 is the largest window, and 32 finds out whether it is gzip or zlib.
        let status = inflateInit2_(stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw CouchError(.serverError, "no memory to decompress an attachment") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Takes in the next compressed bytes; those before must have been read.
    func append(_ bytes: Data) { input.append(bytes) }

    /// The next decompressed bytes; nil where more compressed ones are needed.
    func next() throws(CouchError) -> Data? {
        guard !hasEnded, !input.isEmpty else { return nil }
        var output = Data(count: Self.pieceSize)
        let (status, consumed, produced) = input.withUnsafeMutableBytes { source in
            output.withUnsafeMutableBytes { target in
                stream.pointee.next_in = source.bindMemory(to: Bytef.self).baseAddress
                stream.pointee.avail_in = uInt(source.count)
                stream.pointee.next_out = target.bindMemory(to: Bytef.self).baseAddress
                stream.pointee.avail_out = uInt(target.count)
                let status = inflate(stream, Z_NO_FLUSH)
                return (
                    status, source.count - Int(stream.pointee.avail_in),
                    target.count - Int(stream.pointee.avail_out)
                )
            }
        }
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: hasEnded = true
        default: throw CouchError(.malformedAnswer, "a compressed attachment can't be decompressed")
        }
        // zlib may hold back output that did not fit: then it comes with the next bytes, or with the end.
        input = Data(input.dropFirst(consumed))
        return produced > 0 ? output.prefix(produced) : input.isEmpty || hasEnded ? nil : try next()
    }

    /// Checks that the compressed bytes were whole.
    func finish() throws(CouchError) {
        guard hasEnded else { throw CouchError(.malformedAnswer, "a compressed attachment is cut off") }
    }
}
