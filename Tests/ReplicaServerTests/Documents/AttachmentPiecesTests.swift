import CouchDB
import Foundation
import Replication
import Testing

import struct Replication.Attachment

@testable import ReplicaServer

@Suite struct AttachmentPiecesTests {
    private func attachment(_ bytes: Data, length: Int, encoding: String? = "gzip") -> Attachment {
        Attachment(
            member: AttachmentMember(
                name: "a", length: length, encoding: encoding, encodedLength: encoding == nil ? nil : bytes.count,
                content: .follows),
            content: .memory(bytes))
    }

    private func read(_ attachment: Attachment, isDecoded: Bool = true) async throws -> (bytes: Data, largest: Int) {
        var pieces = try AttachmentPieces(of: attachment, isDecoded: isDecoded)
        var (bytes, largest) = (Data(), 0)
        while let piece = try await pieces.next() {
            bytes.append(piece)
            largest = max(largest, piece.count)
        }
        return (bytes, largest)
    }

    @Test func decompresses() async throws {
        let packed = try Sample.gzipped.get()
        #expect(try await read(attachment(packed, length: 300)).bytes == Sample.text)
        let stored = try await read(attachment(packed, length: 300), isDecoded: false)
        #expect(stored.bytes == packed)
    }

    /// Of what was uploaded compressed CouchDB does not know how long it is decompressed.
    @Test func decompressesWhatWasUploadedCompressed() async throws {
        let packed = try Sample.gzipped.get()
        #expect(try await read(attachment(packed, length: packed.count)).bytes == Sample.text)
        let broken = Data(packed.dropLast(9))
        await #expect(throws: CouchError.self) { try await read(attachment(broken, length: broken.count)) }
    }

    /// Ten megabytes of zeros, in ten kilobytes: the pieces stay small.
    @Test func staysSmallWhateverComesOut() async throws {
        let bomb = try gzipped(Data(count: 10 << 20))
        let read = try await read(attachment(bomb, length: 10 << 20))
        #expect(read.bytes == Data(count: 10 << 20) && read.largest <= 64 << 10)
    }

    @Test func tellsWhatIsBroken() async throws {
        let packed = try Sample.gzipped.get()
        for broken in [packed.dropLast(9), Data("no gzip".utf8), Data()] {
            await #expect(throws: CouchError.self) { try await read(attachment(Data(broken), length: 300)) }
        }
        await #expect(throws: CouchError.self) { try await read(attachment(packed, length: 299)) }
        await #expect(throws: CouchError.self) { try await read(attachment(Sample.binary, length: 4, encoding: nil)) }
    }
}
