/// How a replication runs.
package struct ReplicationOptions: Sendable {
    /// Which replication it is, for its checkpoints; nil for a run that starts from the beginning and leaves none.
    package var checkpointID: String?
    /// Whether the source keeps a copy of the checkpoint, which shows later that the source was rolled back.
    package var leavesWitness = true
    /// Whether the run goes on with new changes until it is cancelled.
    package var isContinuous = false
    /// How long one request of a continuous run waits for a change.
    package var patience: Duration = .seconds(25)
    /// Which documents are copied; all where nil.
    package var selection: (@Sendable (DocumentLeaves) -> Bool)?
    /// Whether design documents are stored behind everything else, so that their validation meets no old document.
    package var storesDesignDocumentsLast = false
    /// The most documents of one page of the feed; the first ones are shorter, so that fetching begins soon.
    ///
    /// Measured on 3.5.0 with two shards, 100,000 rows cost the server 2.4 s of CPU in pages of 1,000, and 1.8 s in pages of
    /// 5,000 or more.
    package var pageSize = 4000
    /// Whether the documents of a page are fetched in the order of their ids.
    ///
    /// Measured on 3.5.0 with 100,000 documents in a random order, `_bulk_get` takes a sixth less time where each 4,000 are sorted.
    package var fetchesByID = false
    /// The most revisions of one fetch.
    package var batchSize = 1000
    /// How many batches one call that stores may take together.
    package var batchesTogether = 1
    /// The most bytes of one call that stores, but for a single larger revision.
    package var storeBytes = 2 << 20
    /// How long a call that stores may wait until it has as much as it may take, but no longer than the run has taken so far;
    /// it is looked at when something has come, and once in this time.
    package var storePatience: Duration = .zero
    /// The bytes of fetched revisions that may wait for being stored.
    package var bufferBytes = 16 << 20
    /// How often a call that failed in a way that may pass is made, before the run gives up.
    package var attempts = 8
    /// After how many of those the cause is looked for in a single document.
    package var attemptsBeforeSplitting = 3
    /// The time between two checkpoints.
    package var checkpointInterval: Duration = .seconds(15)
    /// How many refusals a checkpoint may carry past the documents that they concern; it doesn't move past more.
    package var setAsideLimit = 5000
    /// The pause after a first failure; it doubles from one to the next.
    package var firstPause: Duration = .milliseconds(500)
    /// The longest pause.
    package var longestPause: Duration = .seconds(30)

    package init() {}

    func window(of side: ReplicationFailure.Side, parallelism: Int) -> Window.Limits {
        Window.Limits(
            batch: side == .source ? batchSize : batchSize * batchesTogether, parallelism: parallelism,
            firstPause: firstPause, longestPause: longestPause)
    }
}
