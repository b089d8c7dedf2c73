import CouchDB
import Foundation

/// The documents, jobs and tasks that replicate one pair's source to its target.
package struct ReplicationObservation: Sendable {
    /// One replication document of the pair, with what the scheduler says of it.
    package struct Documented: Sendable {
        /// The document.
        package var document: ReplicationDocument
        /// The scheduler's row; nil where there is none.
        package var scheduled: SchedulerDocument?
        /// The job made of it.
        package var job: SchedulerJob?
        /// The process that runs it.
        package var task: ActiveTask?

        package init(
            document: ReplicationDocument, scheduled: SchedulerDocument? = nil, job: SchedulerJob? = nil,
            task: ActiveTask? = nil
        ) {
            self.document = document
            self.scheduled = scheduled
            self.job = job
            self.task = task
        }

        /// Whether Couchkeep made the document.
        package var isOwned: Bool { OwnershipMark.isPresent(in: document) }

        /// The state: the scheduler's, or in 1.x what the document and the task list together say.
        ///
        /// 1.x writes `triggered` once and never takes it back, so without a task it proves nothing.
        package var state: ReplicationState? {
            if let job { return scheduled?.state == .running || scheduled?.state == nil ? job.state : scheduled?.state }
            if let state = scheduled?.state { return state }
            if let recorded = document.recordedState, recorded == .completed || recorded == .failed { return recorded }
            if task != nil { return .running }
            return document.recordedState == .error ? .crashing : nil
        }

        /// The replication id.
        package var id: ReplicationID? { job?.id ?? scheduled?.id ?? task?.id ?? document.recordedID }

        /// The counters, from whichever list has them.
        package var statistics: ReplicationStatistics? {
            job?.statistics ?? (scheduled?.state == .running ? scheduled?.statistics : nil) ?? task?.statistics
        }

        /// The text of the newest error.
        package var errorText: String? {
            scheduled?.errorText ?? (state == .running ? nil : job?.lastCrash?.reason) ?? document.recordedReason
        }

        /// When the state last changed, as far as the server tells.
        package var stateChanged: Date? {
            scheduled?.lastUpdated ?? job?.history.first?.at ?? document.recordedStateTime
        }
    }

    /// The replication documents, those of Couchkeep first.
    package var documents: [Documented]
    /// Jobs without a document.
    package var transientJobs: [SchedulerJob]
    /// Tasks without a document, for servers that have no scheduler.
    package var transientTasks: [ActiveTask]
    /// Jobs whose documents are in another database than `_replicator`.
    package var foreignJobs: [SchedulerJob]

    package init(
        documents: [Documented] = [], transientJobs: [SchedulerJob] = [], transientTasks: [ActiveTask] = [],
        foreignJobs: [SchedulerJob] = []
    ) {
        self.documents = documents
        self.transientJobs = transientJobs
        self.transientTasks = transientTasks
        self.foreignJobs = foreignJobs
    }

    /// The document that stands for the pair: Couchkeep's own unless it has failed, else the one that works best.
    ///
    /// A filtered job of an application between the same databases is no backup, however well it runs.
    package var primary: Documented? {
        documents.max { left, right in left.preference < right.preference }
    }

    /// The counters of what runs, document or not.
    package var statistics: ReplicationStatistics? {
        primary?.statistics ?? (transientJobs + foreignJobs).lazy.compactMap(\.statistics).first
            ?? transientTasks.first?.statistics
    }

    /// The replication id of what runs.
    package var id: ReplicationID? {
        primary?.id ?? (transientJobs + foreignJobs).first?.id ?? transientTasks.first?.id
    }

    /// When the process that runs for the pair started; nil where no list of tasks tells.
    package var startedOn: Date? { primary?.task?.startedOn ?? transientTasks.first?.startedOn }

    /// Whether a process is alive for the pair.
    package var isRunning: Bool {
        primary?.state == .running || (transientJobs + foreignJobs).contains(where: \.isRunning)
            || !transientTasks.isEmpty
    }
}

extension ReplicationObservation.Documented {
    /// What decides which of several documents stands for the pair.
    fileprivate var preference: (Int, Int, Int) {
        (isOwned && rank >= 3 ? 1 : 0, document.partialOptions.isEmpty ? 1 : 0, rank)
    }

    /// How much good a document does, for choosing among several.
    fileprivate var rank: Int {
        switch state {
        case .running: document.isContinuous ? 6 : 5
        case .pending: 4
        case .crashing, .initializing: 3
        case .error: 2
        case .completed: 1
        default: 0
        }
    }
}
