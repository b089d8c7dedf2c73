import CouchDB
import CouchSim
import Service
import Supervision
import Testing

@testable import Demo

@Suite("The demo says so when something does not come out as told")
struct HonestyTests {
    @Test func aFindingThatIsNotThereEndsTheDemo() async throws {
        try await withScene { scene in
            #expect(throws: DemoFailure.self) {
                try scene.showFinding(TargetRolledBack.name, about: "orders", among: [])
            }
        }
    }

    @Test func aMailThatDidNotComeEndsTheDemo() async throws {
        try await withScene { scene in
            #expect(throws: DemoFailure.self) { try scene.showMails(about: "CRITICAL orders") }
            #expect(throws: Never.self) { try scene.showMails(about: nil) }
        }
    }

    @Test func countsAloneAreNoProof() async throws {
        try await withScene { scene in
            for server in [scene.stage.source, scene.stage.target] { try await server.create("orders") }
            try await scene.stage.source.write([["_id": "a"], ["_id": "b"]], to: "orders")
            try await scene.stage.target.write([["_id": "a"], ["_id": "c"]], to: "orders")
            let comparison = try await Comparison.make(of: "orders", on: scene.stage)
            #expect(comparison.sourceDocuments == comparison.targetDocuments)
            #expect(comparison.missing == 1)
            #expect(!comparison.isComplete)
        }
    }

    @Test func aRefusedWriteEndsTheDemo() async throws {
        try await withScene { scene in
            try await scene.stage.source.create("orders")
            try await scene.stage.source.write([["_id": "a"]], to: "orders")
            await #expect(throws: DemoFailure.self) {
                try await scene.stage.source.write([["_id": "a"]], to: "orders")
            }
        }
    }

    private func withScene(_ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        try await SMTPSink.run { sink in
            try await withOperatorFolder(isKept: false) { folder in
                let mailbox = Mailbox(sink)
                try await SimulatedStage.run { stage in
                    try await body(
                        Scene(
                            stage: stage, folder: folder, mailbox: mailbox,
                            narrator: Narrator(style: .plain) { _ in }))
                }
            }
        }
    }
}
