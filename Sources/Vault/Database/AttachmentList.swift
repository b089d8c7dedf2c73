import Foundation

/// The numbers of a body's attachments, in the document's order, eight bytes each.
enum AttachmentList {
    static func encode(_ ids: [Int64]) -> Data? {
        guard !ids.isEmpty else { return nil }
        var data = Data(capacity: ids.count * 8)
        for id in ids { withUnsafeBytes(of: id.littleEndian) { data.append(contentsOf: $0) } }
        return data
    }

    static func decode(_ data: Data) -> [Int64] {
        data.withUnsafeBytes { bytes in
            stride(from: 0, to: data.count - 7, by: 8).map {
                Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self))
            }
        }
    }
}
