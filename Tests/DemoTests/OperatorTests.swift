import Backup
import CouchDB
import CouchSim
import Replication
import Service
import Testing

@testable import Demo

@Suite("What the demo's operator does is done by the program")
struct OperatorTests {
    @Test func findsAHoleMendsItAndRehearsesTheRestore() async throws {
        try await SimulatedStage.run { stage in
            try await withOperatorFolder(isKept: false) { folder in
                try await folder.prepare(source: stage.source, target: stage.target, mailPort: 1)
                for server in [stage.source, stage.target] { try await server.create("orders") }
                let both: JSONValue = ["_id": "a", "_rev": "1-aa"]
                let lost: JSONValue = ["_id": "b", "_rev": "1-bb", "status": "shipped"]
                let stray: JSONValue = ["_id": "c", "_rev": "1-cc"]
                for document in [both, lost] { try await stage.source.store(document, in: "orders") }
                for document in [both, stray] { try await stage.target.store(document, in: "orders") }
                let keeper = Operator(folder: folder)

                let found = try await keeper.verify("orders")
                #expect(found.record.verdict == .different && !found.record.hasFoundAll)
                #expect(Set(found.differences.map(\.id.text)) == ["b", "c"])
                // The backup itself restores well, whatever it lacks.
                #expect(try await keeper.drill("orders").verdict == .equal)

                let repair = try await keeper.repair("orders")
                #expect(repair.copied == 1 && repair.remaining.isEmpty)
                let mended = try await keeper.verify("orders")
                #expect(mended.record.hasFoundAll && mended.differences.map(\.id.text) == ["c"])

                #expect(try await keeper.removeExtra("orders").purged == 1)
                #expect(try await keeper.verify("orders").record.verdict == .equal)
                let drill = try await keeper.drill("orders")
                #expect(drill.verdict == .equal && drill.revisions == 2)
            }
        }
    }

    @Test func aPairThatIsNotThereIsAnError() async throws {
        try await SimulatedStage.run { stage in
            try await withOperatorFolder(isKept: false) { folder in
                try await folder.prepare(source: stage.source, target: stage.target, mailPort: 1)
                let keeper = Operator(folder: folder)
                await #expect(throws: (any Error).self) { try await keeper.verify("orders") }
                await #expect(throws: (any Error).self) { try await keeper.drill("orders") }
            }
        }
    }
}
