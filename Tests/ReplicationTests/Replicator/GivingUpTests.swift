import CouchDB
import Synchronization
import Testing

@testable import Replication

/// When a revision is given up, when the whole run is, and when neither.
@Suite(.timeLimit(.minutes(2))) struct GivingUpTests {
    private static let failure = CouchError(.serverError, "500 enospc", status: 500)

    private func source(_ count: Int) throws -> MemoryReplica {
        let source = MemoryReplica(name: "source")
        for number in 0..<count { try source.edit(DocumentID("d\(number)"), members: #""t":1"#) }
        return source
    }

    /// A server that is started again answers other calls before it takes the document: that is no fault of the document.
    @Test(arguments: [1, 2, 3])
    func waitsForAServerThatIsStartedAgain(failures: Int) async throws {
        let stores = Mutex(failures)
        let reads = Mutex(failures)
        /// Whether a failure is left, which it takes.
        @Sendable func isFailure(_ left: inout Int) -> Bool {
            left -= 1
            return left >= 0
        }
        var (reading, storing) = (ScriptedReplica.Script(), ScriptedReplica.Script())
        reading.onRevisions = { _ in if reads.withLock({ isFailure(&$0) }) { throw Self.failure } }
        storing.onStore = { _ in
            if stores.withLock({ isFailure(&$0) }) { throw Self.failure }
            return []
        }
        let target = MemoryReplica()
        let report = try await Replicator(
            from: ScriptedReplica(try source(1), reading), to: ScriptedReplica(target, storing), options: .test()
        ).run()
        #expect(report.refusals == [] && report.counts.revisionsStored == 1)
    }

    /// A disk that is full refuses everything, and the server answers all that writes nothing.
    @Test func givesUpATargetThatTakesNothing() async throws {
        var storing = ScriptedReplica.Script()
        storing.onStore = { _ in throw Self.failure }
        let target = ScriptedReplica(MemoryReplica(), storing)
        let failure = await #expect(throws: ReplicationFailure.self) {
            _ = try await Replicator(from: try source(2000), to: target, options: .test()).run()
        }
        #expect(failure?.side == .target && failure?.counts.bytesStored == 0)
        #expect(failure.map { "\($0)".contains("enospc") } == true)
        #expect(target.storeCalls < 100)
    }

    @Test func givesUpASourceThatGivesNothing() async throws {
        let reads = Mutex(0)
        var reading = ScriptedReplica.Script()
        reading.onRevisions = { _ in
            reads.withLock { $0 += 1 }
            throw Self.failure
        }
        let failure = await #expect(throws: ReplicationFailure.self) {
            _ = try await Replicator(
                from: ScriptedReplica(try source(2000), reading), to: MemoryReplica(), options: .test()
            ).run()
        }
        #expect(failure?.side == .source && reads.withLock { $0 } < 100)
    }

    /// A disk that is damaged at one place gives what lies elsewhere, also where many lie there.
    @Test func setsAsideManyInARowOfASourceThatGivesOthers() async throws {
        func run(_ bad: Range<Int>) async throws -> ReplicationReport {
            let broken = Set(bad.map { DocumentID("d\($0)") })
            var reading = ScriptedReplica.Script()
            reading.onRevisions = { wanted in
                if wanted.contains(where: { broken.contains($0.id) }) { throw Self.failure }
            }
            return try await Replicator(
                from: ScriptedReplica(try source(400), reading), to: MemoryReplica(), options: .test()
            ).run()
        }
        let report = try await run(100..<160)
        #expect(report.counts.refused == 60 && report.counts.revisionsStored == 340, "\(report.counts)")
        let failure = await #expect(throws: ReplicationFailure.self) { _ = try await run(100..<400) }
        #expect(failure?.side == .source)
    }

    /// Some documents that a server fails of, among others, are set aside, however many there are.
    @Test func setsAsideWhatFailsAlone() async throws {
        var storing = ScriptedReplica.Script()
        storing.onStore = { revisions in
            if revisions.contains(where: { $0.id.text.hasSuffix("7") }) { throw Self.failure }
            return []
        }
        let target = MemoryReplica()
        let report = try await Replicator(
            from: try source(400), to: ScriptedReplica(target, storing), options: .test()
        ).run()
        #expect(report.counts.refused == 40 && report.counts.revisionsStored == 360)
        #expect(report.refusals.allSatisfy { $0.id.text.hasSuffix("7") && $0.error == "not_stored" })
    }
}
