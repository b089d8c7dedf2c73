import CouchDB
import CouchSim
import Replication
import Synchronization
import Testing

/// What a backup says of how much there is to read.
@Suite(.timeLimit(.minutes(1))) struct ProgressTests {
    /// 1.x tells no `pending`, and a run that takes up where the last one ended reads only what has changed since.
    @Test func aRunThatIsResumedNamesNotTheWholeDatabase() async throws {
        try await withScene(ServerVersion(1, 7, 1)) { _, scene in
            func totals() async throws -> Set<Int?> {
                let totals = Mutex<Set<Int?>>([])
                try await scene.backUp { state in
                    totals.withLock { totals in
                        _ = totals.insert(state.documents)
                    }
                }
                return totals.withLock { $0 }
            }
            try await scene.source.fill(30)
            #expect(try await totals() == [30])
            try await scene.source.fill(3, prefix: "later-")
            #expect(try await totals() == [nil])
        }
    }
}
