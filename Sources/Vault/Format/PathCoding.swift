import CouchDB
import Foundation

/// A revision's history as the vault stores it.
///
/// One byte tells the form. 0: the newest generation, seven bits a byte, the lowest first, the eighth bit set in all but the
/// last; then sixteen bytes for each revision, newest first. 1: the JSON text of all revisions, for histories with another
/// hash than 32 hexadecimal digits.
enum PathCoding {
    static func encode(_ path: RevisionPath) -> Data {
        // The number takes ten bytes at most.
        let digests = withUnsafeTemporaryAllocation(
            byteCount: 11 + 16 * path.revisions.count, alignment: 1
        ) { bytes -> Data? in
            bytes[0] = 0
            var (offset, start) = (1, UInt64(path.start))
            while start >= 0x80 {
                bytes[offset] = UInt8(truncatingIfNeeded: start) | 0x80
                start >>= 7
                offset += 1
            }
            bytes[offset] = UInt8(start)
            offset += 1
            for revision in path.revisions {
                // The digits of an oversized generation would be lost.
                guard let digest = revision.digest, revision.generation < .max else { return nil }
                bytes.storeBytes(of: digest.high.bigEndian, toByteOffset: offset, as: UInt64.self)
                bytes.storeBytes(of: digest.low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
                offset += 16
            }
            return bytes.baseAddress.map { Data(bytes: $0, count: offset) }
        }
        return digests ?? encodeText(path)
    }

    static func decode(_ data: Data) -> RevisionPath? {
        switch data.first {
        case 0: decodeDigests(data)
        case 1: decodeText(data.dropFirst())
        default: nil
        }
    }

    private static func decodeDigests(_ data: Data) -> RevisionPath? {
        data.withUnsafeBytes { bytes -> RevisionPath? in
            var (start, offset, shift): (UInt64, Int, UInt64) = (0, 1, 0)
            while true {
                guard offset < bytes.count, shift < 63 else { return nil }
                let byte = bytes[offset]
                start |= UInt64(byte & 0x7f) << shift
                (offset, shift) = (offset + 1, shift + 7)
                if byte & 0x80 == 0 { break }
            }
            let count = (bytes.count - offset) / 16
            guard count > 0, (bytes.count - offset) % 16 == 0, let start = Int(exactly: start), start >= count else {
                return nil
            }
            let revisions = (0..<count).map { index in
                let place = offset + 16 * index
                let digest = (
                    high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)),
                    low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
                )
                return RevisionID(generation: start - index, digest: digest)
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
