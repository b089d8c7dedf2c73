import CZlib
import Foundation

/// Compresses as CouchDB does with attachments.
func gzipped(_ bytes: Data) throws -> Data {
    var stream = z_stream()
    guard
        deflateInit2_(
            &stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw CocoaError(.featureUnsupported) }
    defer { deflateEnd(&stream) }
    var (input, output) = (bytes, Data(count: Int(deflateBound(&stream, uLong(bytes.count)))))
    let status = input.withUnsafeMutableBytes { source in
        output.withUnsafeMutableBytes { target in
            stream.next_in = source.bindMemory(to: Bytef.self).baseAddress
            stream.avail_in = uInt(source.count)
            stream.next_out = target.bindMemory(to: Bytef.self).baseAddress
            stream.avail_out = uInt(target.count)
            return deflate(&stream, Z_FINISH)
        }
    }
    guard status == Z_STREAM_END else { throw CocoaError(.coderInvalidValue) }
    return output.prefix(Int(stream.total_out))
}
