import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication

/// What a target refuses is named with its reason by the repair, and known as such afterwards.
@Suite struct RefusedRepairTests {
    @Test func tellsTheReasonOfEachDocument() async throws {
        try await withSimulatedReplica { server, target in
            try await prove(target) {
                _ = try await target.database.putDocument(
                    "_design/v",
                    members: [
                        "validate_doc_update": "function () { // couchsim: forbid-if-field van no vans here\n }"
                    ])
            }
        }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed"), .timeLimit(.minutes(3)))
    func tellsTheReasonOfCouchDB() async throws {
        try await withRealServer { connection in
            let database = connection.database("target")
            try await database.create()
            try await prove(CouchReplica(database)) {
                _ = try await database.putDocument(
                    "_design/v",
                    members: [
                        "validate_doc_update": "function (doc) { if (doc.van) throw({forbidden: 'no vans here'}) }"
                    ])
            }
            // And a body that is larger than the server takes.
            let source = MemoryReplica()
            try source.edit("large", members: #""text":"\#(String(repeating: "x", count: 5000))""#)
            let other = connection.database("other")
            try await other.create()
            try await connection.setConfiguration(section: "couchdb", key: "max_document_size", value: "4000")
            let found = try await verify(source, CouchReplica(other))
            #expect(found.map(\.reason?.code) == [.tooLarge])
            let report = try await HoleRepair(source, CouchReplica(other)).run(found)
            #expect(report.remaining.map(\.id) == ["large"])
            #expect(report.refusals.map(\.error) == ["document_too_large"] || report.refusals.count == 1)
        }
    }

    private func verify(
        _ source: MemoryReplica, _ target: CouchReplica, _ context: ReplicationContext = ReplicationContext()
    ) async throws -> [Difference] {
        var verification = Verification(source, target)
        (verification.looks, verification.context) = ([.zero], context)
        return try await verification.run().differences
    }

    private func prove(_ target: CouchReplica, _ validate: () async throws -> Void) async throws {
        let source = MemoryReplica(name: "source")
        for number in 0..<10 { try source.edit(DocumentID("d\(number)"), members: #""n":\#(number)"#) }
        _ = try await Replicator(from: source, to: target, options: .test()).run()
        try await validate()
        // The source has the design document as well, so that it is no difference.
        _ = try await Replicator(from: target, to: source, options: .test()).run()
        for number in 0..<3 { try source.edit(DocumentID("van\(number)"), members: #""van":true"#) }
        try source.edit("car", members: #""car":true"#)

        let found = try await verify(source, target)
        #expect(found.count == 4 && found.allSatisfy { $0.reason?.code == .mayBeRefused })
        #expect(found.allSatisfy { $0.reason?.sentence.contains("_design/v") == true })
        let report = try await HoleRepair(source, target).run(found)
        #expect(report.copied == 1)
        #expect(Set(report.remaining.map(\.id)) == ["van0", "van1", "van2"])
        #expect(Set(report.refusals.map(\.id)) == ["van0", "van1", "van2"])
        #expect(report.refusals.allSatisfy { $0.error == "forbidden" && $0.reason == "no vans here" })

        // What the repair has learnt makes the next verification sure.
        let again = try await verify(source, target, ReplicationContext(refusals: report.refusals))
        #expect(again.count == 3 && again.allSatisfy { $0.reason?.code == .refused })
        #expect(again.allSatisfy { $0.reason?.sentence.contains("no vans here") == true })
        #expect(again.allSatisfy { $0.reason?.sentence.contains("of _design/v") == true }, "which validation it was")
    }
}
