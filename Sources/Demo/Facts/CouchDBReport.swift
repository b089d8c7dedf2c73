import CouchDB
import Supervision

/// What CouchDB says of a replication, asked now.
struct CouchDBReport: Sendable {
    /// What the scheduler says; nil where it knows no such document.
    let job: SchedulerDocument?
    /// How many changes the source has behind the job's checkpoint; nil where there is none.
    let changesBehindCheckpoint: Int?

    /// Asks both servers.
    static func ask(about replication: Replication, on stage: some Stage) async throws -> CouchDBReport {
        let job = try await stage.target.visit { try await $0.schedulerDocument(replication.documentID) }
        var behind: Int?
        if let checkpoint = job?.statistics?.checkpointedSourceSequence {
            behind = try await stage.source.visit {
                try await $0.database(replication.database).changesPending(since: checkpoint)
            }
        }
        return CouchDBReport(job: job, changesBehindCheckpoint: behind)
    }

    /// Whether CouchDB thinks that all is well and nothing is left to do.
    var seemsWell: Bool { isCaughtUp && job?.errorCount == 0 }

    /// The same, whatever went wrong before.
    var isCaughtUp: Bool { job?.state == .running && changesBehindCheckpoint == 0 }

    /// The report in CouchDB's own words.
    var text: String {
        guard let job else { return "nothing: _scheduler/docs knows no such replication (404)" }
        var parts = ["state \(job.state?.rawValue ?? "null")", "error_count \(job.errorCount)"]
        if let statistics = job.statistics {
            func add(_ name: String, _ value: Int?) { parts.append("\(name) \(value.map(Wording.number) ?? "null")") }
            add("doc_write_failures", statistics.documentWriteFailures)
            add("docs_written", statistics.documentsWritten)
            add("changes_pending", statistics.changesPending)
        }
        if let error = job.errorText { parts.append("error \(error)") }
        let line = parts.joined(separator: ", ")
        return changesBehindCheckpoint.map { "\(line); \(Wording.changes($0)) behind its checkpoint" } ?? line
    }
}
