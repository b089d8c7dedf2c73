import CouchDB
import Foundation
import Testing

@testable import Supervision

/// The rules on what a real CouchDB 3.5.0 answered.
@Suite struct RecordedAnswersTests {
    /// One recording, what is known besides it, and the rules that must fire.
    struct Case: Sendable, CustomTestStringConvertible {
        var recording: String
        var source = "http://127.0.0.1:5984"
        var sourceDatabase = "rec"
        var targetDatabase = "rec"
        /// How long Couchkeep has seen it so before.
        var seenFor: TimeInterval = 0
        var rules: [String]
        var testDescription: String { seenFor > 0 ? "\(recording) for \(Int(seenFor)) s" : recording }
    }

    static let cases: [Case] = [
        Case(recording: "running-caught-up", rules: []),
        Case(recording: "running-behind", rules: []),
        Case(recording: "running-behind", seenFor: 20 * 60, rules: ["replication-behind", "replication-stalled"]),
        Case(recording: "pending-rotation", targetDatabase: "rec-p1", rules: []),
        Case(recording: "pending-rotation", targetDatabase: "rec-p2", seenFor: 24 * 3600, rules: []),
        Case(
            recording: "running-writes-refused", targetDatabase: "rec-vdu", rules: ["counts-differ", "writes-refused"]),
        Case(recording: "failed-duplicate", rules: ["replication-duplicate"]),
        Case(recording: "completed-one-shot", targetDatabase: "rec-once", rules: ["replication-completed"]),
        Case(
            recording: "error-filter-missing", targetDatabase: "rec-once",
            rules: ["replication-crashing", "replication-partial"]),
        Case(
            recording: "crashing-source-missing", sourceDatabase: "does-not-exist",
            rules: ["replication-crashing", "source-missing"]),
        // One rejected login may be an accident; five minutes of it are none.
        Case(recording: "crashing-unauthorized", rules: []),
        Case(recording: "crashing-unauthorized", seenFor: 301, rules: ["replication-crashing"]),
        Case(recording: "crashing-connection-refused", source: "http://127.0.0.1:9", rules: ["blind"]),
        Case(
            recording: "crashing-connection-refused", source: "http://127.0.0.1:9", seenFor: 301,
            rules: ["blind", "replication-crashing"]),
        Case(recording: "transient", rules: ["replication-transient"]),
        Case(recording: "absent", rules: ["replication-missing"]),
    ]

    @Test("The right rules fire, and no other", arguments: cases)
    func rules(_ this: Case) throws {
        var scene = try scene(of: this)
        if this.seenFor > 0 {
            let now = scene.now
            scene.now = now.addingTimeInterval(-this.seenFor)
            _ = scene.pass()
            scene.now = now
        }
        #expect(scene.found == this.rules)
    }

    @Test(
        "Reasons are read as their causes",
        arguments: [
            ("crashing-source-missing", CrashCause.databaseMissing), ("crashing-unauthorized", .credentialsRejected),
            ("crashing-connection-refused", .unreachable), ("error-filter-missing", .filterMissing),
            ("failed-duplicate", .duplicate),
        ])
    func causes(recording: String, cause: CrashCause) throws {
        let rows = try Recording(recording).replications().schedulerDocuments.value ?? []
        let reasons = rows.compactMap(\.errorText)
        #expect(!reasons.isEmpty)
        #expect(reasons.map(CrashCause.init(reason:)) == reasons.map { _ in cause })
    }

    private func scene(of this: Case) throws -> Scene {
        let recording = try Recording(this.recording)
        var scene = Scene()
        scene.now = try recording.moment()
        scene.pair.source.database = this.sourceDatabase
        scene.pair.target.database = this.targetDatabase
        scene.sourceAccess = ReplicationAccess(url: Scene.url(this.source))
        scene.targetAccess = ReplicationAccess(url: Scene.url("http://127.0.0.1:15984"))
        scene.targetServer = .known(try recording.server())
        let databases = try recording.databases()
        let isSourceKnown = this.source.hasSuffix(":5984")
        // Where a recording holds no databases, some stand for them; that a source is missing is a recording of its own.
        let found =
            databases.first { $0.name == this.sourceDatabase }
            ?? (this.sourceDatabase == "rec" ? Scene.database("rec") : nil)
        scene.source =
            isSourceKnown ? found.map { .present($0) } ?? .missing : .unknown(CouchError(.unreachable, "refused"))
        scene.target = .present(databases.last ?? Scene.database(this.targetDatabase, documents: 0))
        scene.replication = ReplicationIndex(try recording.replications()).replication(for: scene.desired)
        let checkpoint = scene.replication.statistics?.checkpointedSourceSequence ?? .zero
        // The recordings hold no lag probe; with one shard written in order the numbers tell it.
        let newest = scene.source.info?.updateSequence.displayNumber ?? 0
        let isParked = this.recording == "pending-rotation"
        let pending = isParked || scene.replication.statistics == nil ? 0 : newest - (checkpoint.displayNumber ?? 0)
        scene.progress = .known(ReplicationProgress(checkpoint: checkpoint, pending: pending))
        let logs = recording.logs()
        if logs.count == 2, let source = scene.source.info, let target = scene.target.info {
            scene.inspection = PairInspection(
                sourceLog: .known(logs[0]), targetLog: .known(logs[1]),
                comparableCounts: pending == 0 ? ComparableCounts(source: source, target: target) : nil)
        }
        return scene
    }
}
