import CouchDB
import Foundation

/// A revision's history as the vault stores it.
///
/// One byte tells the form. 0: the newest generation as eight bytes, then sixteen bytes for each revision, newest first;
/// 1: the JSON text of all revisions, for histories with another hash than 32 hexadecimal digits.
enum PathCoding {
    static func encode(_ path: RevisionPath) -> Data {
        var data = Data(capacity: 9 + path.revisions.count * 16)
        data.append(0)
        withUnsafeBytes(of: UInt64(path.start).littleEndian) { data.append(contentsOf: $0) }
        for revision in path.revisions where !append(revision, to: &data) {
            return encodeText(path)
        }
        return data
    }

    static func decode(_ data: Data) -> RevisionPath? {
        switch data.first {
        case 0: decodeDigests(data)
        case 1: decodeText(data.dropFirst())
        default: nil
        }
    }

    private static func append(_ revision: RevisionID, to data: inout Data) -> Bool {
        // A hash of 32 digits is lower case already; the text of an oversized generation is not made of both.
        let hash = revision.hash.utf8
        guard hash.count == 32, revision.generation < .max else { return false }
        var high: UInt8?
        for byte in hash {
            guard let digit = digit(byte) else { return false }
            if let first = high {
                data.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return true
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func decodeDigests(_ data: Data) -> RevisionPath? {
        guard data.count >= 25, (data.count - 9) % 16 == 0 else { return nil }
        return data.withUnsafeBytes { bytes -> RevisionPath? in
            let start = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
            guard let start = Int(exactly: start), start >= (data.count - 9) / 16 else { return nil }
            var revisions: [RevisionID] = []
            revisions.reserveCapacity((data.count - 9) / 16)
            for offset in stride(from: 9, to: data.count, by: 16) {
                let hash = String(unsafeUninitializedCapacity: 32) { text in
                    for (place, byte) in bytes[offset..<offset + 16].enumerated() {
                        text[2 * place] = digits[Int(byte >> 4)]
                        text[2 * place + 1] = digits[Int(byte & 15)]
                    }
                    return 32
                }
                revisions.append(RevisionID(generation: start - revisions.count, hash: hash))
            }
            return RevisionPath(revisions)
        }
    }

    private static func encodeText(_ path: RevisionPath) -> Data {
        let texts = JSONValue.array(path.revisions.map { .string($0.description) })
        return [1] + texts.serialized()
    }

    private static func decodeText(_ data: Data) -> RevisionPath? {
        // Text that isn't JSON is damage, as nil says.
        guard let texts = (try? JSONDecoder().decode([RevisionID].self, from: data)) else { return nil }
        return RevisionPath(texts)
    }
}
