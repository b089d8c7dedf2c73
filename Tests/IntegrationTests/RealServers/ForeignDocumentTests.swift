import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// Replication documents that somebody else wrote: told of, but not touched until they are adopted.
@Suite(
    .enabled(if: LocalCouchDB.isInstalled, RealServers.whySkipped), .sharedRealServers, .timeLimit(.minutes(5)))
struct ForeignDocumentTests {
    /// What is wrong with the document.
    enum Flaw: String, CaseIterable {
        case misspelled, selector, filter

        /// The rule that finds it.
        var rule: String {
            switch self {
            case .misspelled: ReplicationCompleted.name
            case .selector, .filter: ReplicationPartial.name
            }
        }

        func spoil(_ members: inout [String: JSONValue]) {
            switch self {
            case .misspelled:
                // CouchDB ignores it: the job runs once and ends.
                members["continuous"] = nil
                members["continous"] = true
            case .selector: members["selector"] = ["value": ["$lt": 5]]
            case .filter:
                members["doc_ids"] = ["document-1", "document-2"]
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func isAdoptedAtTheUsersWordAlone(flaw: Flaw) async throws {
        let servers = try #require(RealServers.shared)
        try await withKeeper { keeper in
            let accident = Accident(
                name: "document of somebody else: \(flaw.rawValue)", keeper: keeper, servers: servers,
                database: "foreign-\(flaw.rawValue)")
            try await accident.source.create()
            try await accident.target.create()
            try await accident.write(1...20)
            var configuration = servers.configuration
            configuration.databases = "[\"\(accident.database)\"]"
            try keeper.configure(configuration.yaml)
            let id = "theirs-\(flaw.rawValue)"
            _ = try await accident.writeForeignDocument(id) { flaw.spoil(&$0) }
            try await Polling.until("the job has done something") {
                try await accident.target.info().documentCount > 0
            }
            if flaw == .misspelled {
                try await Polling.until("completed") {
                    try await servers.target.schedulerDocument(id)?.state == .completed
                }
            }
            let before = try await accident.replicator.document(id)

            let found = try await accident.detect(flaw.rule, within: 1)
            #expect(found.checked.exitCode == 1)
            let step = "couchkeep check --adopt --only \(accident.database)"
            #expect(found.finding?.next == step)
            #expect(found.checked.repairs.map(\.result) == [.planned])
            if flaw == .misspelled {
                #expect(found.checked.finding(ReplicationAltered.name)?.evidence["ignored"] == ["continous"])
            }
            _ = try await keeper.check("--dry-run")
            _ = try await keeper.check()
            #expect(try await accident.replicator.document(id) == before)

            _ = try await keeper.check("--adopt", "--only", "production")
            #expect(try await accident.replicator.document(id) == before, "it was not about this pair")
            let adopted = try await keeper.check("--adopt", "--only", accident.database)
            #expect(adopted.repairs.contains { $0.result == .done })
            // Who copies a part on purpose keeps it, and gets a whole one beside it.
            let isTakenOver = flaw == .misspelled
            #expect(try await accident.replicator.document(id) == before || isTakenOver)
            let whole = isTakenOver ? id : accident.documentID
            let after = try ReplicationDocument(answer: try #require(try await accident.replicator.document(whole)))
            #expect(OwnershipMark.isPresent(in: after))
            #expect(after.isContinuous && after.partialOptions.isEmpty)
            // A partial copy may have been the reason for what is missing; now all of it comes.
            try await accident.waitForCopies(20)
            try await accident.proveRepaired(found, rule: flaw.rule, by: step)
        }
    }

    @Test func aGoodOneIsSupervisedAsItIs() async throws {
        let servers = try #require(RealServers.shared)
        try await withKeeper { keeper in
            let accident = Accident(
                name: "good document of somebody else", keeper: keeper, servers: servers, database: "foreign-good")
            try await accident.source.create()
            try await accident.target.create()
            try await accident.write(1...20)
            var configuration = servers.configuration
            configuration.databases = #"["foreign-good"]"#
            try keeper.configure(configuration.yaml)
            let revision = try await accident.writeForeignDocument("theirs-good")
            try await accident.waitForCopies(20)
            _ = try await accident.recover()
            #expect(try await accident.replicator.document("theirs-good")?["_rev"]?.string == revision)
            #expect(try await accident.replicator.document(accident.documentID) == nil)
        }
    }
}
