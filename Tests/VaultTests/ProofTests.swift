import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

@Suite("A check proves documents against their own revisions")
struct ProofTests {
    /// The revision that every CouchDB since 1.2 gives to an empty document.
    private static let empty = "1-967a00dff5e02add41819138abb3284d"
    private static let invented = "1-0123456789abcdef0123456789abcdef"

    /// A document without members; so that its revision is all that says anything of it.
    private static func document(_ id: String, _ revision: String) throws -> Revision {
        try Revision(document: Data(#"{"_id":"\#(id)","_rev":"\#(revision)"}"#.utf8))
    }

    private static func fill(_ folder: TemporaryVault, key: KeySource? = nil) async throws {
        let database = try await folder.database(key: key)
        _ = try await database.store([document("a", empty), document("b", empty)], checkpoint: nil)
        _ = try await database.store([document("c", invented)], checkpoint: nil)
        try await database.seal(minute: 1)
        try await database.close()
    }

    private static func counts(proved: Int, other: Int) -> ProofCounts {
        var counts = ProofCounts()
        counts.proved = proved
        if other > 0 { counts.notProvable = [.otherHash: other] }
        return counts
    }

    @Test("What CouchDB computed is proved, what somebody invented is not provable, and nothing is counted unread")
    func clear() async throws {
        let folder = TemporaryVault()
        try await Self.fill(folder)
        let database = try await folder.database(isWriting: false)
        let report = try await database.check(readData: true)
        #expect(report.problems == [] && report.leaves == 3 && report.didReadData)
        #expect(report.proofs == Self.counts(proved: 2, other: 1))
        let quick = try await database.check(readData: false)
        #expect(quick.problems == [] && quick.leaves == 3 && !quick.didReadData)
        #expect(quick.proofs == ProofCounts())
    }

    @Test("A deletion is proved by its parent, which it needs, and other content than the revision's is not proved")
    func covered() async throws {
        // As CouchDB 3.5 recorded it: CouchSimTests/Recordings/revisions.json, random-21.
        let revision = "3-071c3f717dc3a5f5dd3ab75f2dd0ea57"
        let ids = #"["071c3f717dc3a5f5dd3ab75f2dd0ea57","9ed1d3d6a68274606017264043b6224e"]"#
        let history = #","_revisions":{"start":3,"ids":\#(ids)}"#
        func deletion(_ id: String, _ history: String, why: String = "[{}]") throws -> Revision {
            try Revision(
                document: Data(
                    #"{"_id":"\#(id)","_rev":"\#(revision)"\#(history),"why":\#(why),"_deleted":true}"#.utf8))
        }
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store(
            [deletion("whole", history), deletion("stemmed", ""), deletion("changed", history, why: "[[]]")],
            checkpoint: nil)
        try await database.seal(minute: 1)
        let report = try await database.check(readData: true)
        var expected = Self.counts(proved: 1, other: 1)
        expected.notProvable[.parentUnknown] = 1
        #expect(report.problems == [] && report.proofs == expected, "\(report.proofs)")
    }

    @Test(
        "An encrypted backup is proved by whoever can read it, and sound for whoever can't", arguments: [false, true])
    func encrypted(isWriteOnly: Bool) async throws {
        let folder = TemporaryVault()
        let key = try VaultKey.make(isWriteOnly: isWriteOnly)
        try await Self.fill(folder, key: .key(try key.writeKey ?? key))
        let reader = try await folder.database(isWriting: false, key: .key(key))
        let read = try await reader.check(readData: true)
        #expect(read.problems == [] && read.proofs == Self.counts(proved: 2, other: 1))
        #expect(try await reader.check(readData: false).proofs == ProofCounts())
        try await reader.close()

        // Without any key, and with one that only writes.
        for source in [nil, try key.writeKey.map { KeySource.key($0) }] {
            let blind = try await folder.database(isWriting: false, key: source)
            let report = try await blind.check(readData: true)
            #expect(report.problems == [] && report.isSound && report.didReadData && report.readBytes > 0)
            #expect(report.proofs == ProofCounts())
            try await blind.close()
        }
    }
}
