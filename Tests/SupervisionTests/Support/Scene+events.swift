import CouchDB
import Foundation

@testable import Supervision

/// What happens in a scene.
extension Scene {
    /// Lets time pass.
    mutating func elapse(_ seconds: TimeInterval) { now.addTimeInterval(seconds) }

    /// The source gets more documents, which are not copied yet.
    mutating func write(_ count: Int) {
        guard let before = source.info, let done = progress.value else { return }
        var info = before
        info.documentCount += count
        info.updateSequence = Scene.sequence((before.updateSequence.displayNumber ?? 0) + count)
        source = .present(info)
        progress = .known(
            ReplicationProgress(
                checkpoint: done.checkpoint, pending: (done.pending ?? 0) + count))
    }

    /// The job copies everything and writes its checkpoint.
    mutating func copy() {
        guard let source = source.info, var info = target.info else { return }
        info.documentCount = source.documentCount
        info.deletedCount = source.deletedCount
        info.updateSequence = Scene.sequence(max(source.documentCount + source.deletedCount, 0))
        target = .present(info)
        progress = .known(ReplicationProgress(checkpoint: source.updateSequence, pending: 0))
        replication.documents = replication.documents.map { documented in
            documented.job?.isRunning == true ? running(documented.document) : documented
        }
    }

    /// The job reports its counters.
    mutating func report(written: Int = 1000, failures: Int = 0) {
        let statistics = statistics(written: written, failures: failures)
        replication.documents[0].job?.statistics = statistics
    }

    /// The scheduler shows the pair's only document as crashed, for the given reason.
    mutating func crash(_ reason: String, errors: Int = 1, crashes: Int = 1, ago: TimeInterval = 10) {
        let document = replication.documents.first?.document ?? ownDocument
        var job = job(document.id, state: .crashing)
        job.history = (0..<crashes).map { number in
            SchedulerJob.Event(
                at: now.addingTimeInterval(-ago - Double(number) * 60), kind: "crashed", reason: reason)
        }
        replication.documents = [
            ReplicationObservation.Documented(
                document: document,
                scheduled: SchedulerDocument(
                    database: "_replicator", documentID: document.id, id: job.id, state: .crashing, errorCount: errors,
                    errorText: reason, lastUpdated: now.addingTimeInterval(-ago)),
                job: job)
        ]
    }

    /// The scheduler has taken the job off for others.
    mutating func park() {
        let document = replication.documents.first?.document ?? ownDocument
        var job = job(document.id, state: .pending)
        job.history = [SchedulerJob.Event(at: now, kind: "stopped")]
        replication.documents = [
            ReplicationObservation.Documented(
                document: document,
                scheduled: SchedulerDocument(
                    database: "_replicator", documentID: document.id, id: job.id, state: .pending, lastUpdated: now),
                job: job)
        ]
    }
}
