import SystemPackage

/// How far both feeds of a comparison were read, so that it can go on there after a stop.
package struct ComparisonState: Sendable, Hashable, Codable {
    /// The key of the hashes in the files.
    var hash: SipHash
    /// The files of each side.
    var partitions: Int
    /// Documents that were expected at the start.
    var expected: Int
    var source: LeafSpool.State?
    var target: LeafSpool.State?
    /// What was planted for the self-test; nil where there is none.
    var planted: SpoolSelfTest?

    /// Rows of both feeds that are in the files.
    package var rows: Int { (source?.rows ?? 0) + (target?.rows ?? 0) }
}

/// Where a comparison keeps its files and its state, so that it can go on after a stop or a kill.
package struct KeptComparison: Sendable {
    /// An existing folder for the files; it stays after the run.
    package var folder: FilePath
    /// Where an earlier run stopped; nil to begin.
    package var state: ComparisonState?
    /// The time between two checkpoints of a side.
    package var interval: Duration
    /// Makes a state durable, which speaks of files that are.
    package var save: @Sendable (ComparisonState) async throws -> Void

    package init(
        folder: FilePath, state: ComparisonState?, interval: Duration = .seconds(5),
        save: @escaping @Sendable (ComparisonState) async throws -> Void
    ) {
        (self.folder, self.state, self.interval, self.save) = (folder, state, interval, save)
    }
}

/// Joins the checkpoints of both sides, which come at their own times.
actor ComparisonRecorder {
    private(set) var state: ComparisonState
    private let save: @Sendable (ComparisonState) async throws -> Void

    init(_ state: ComparisonState, save: @escaping @Sendable (ComparisonState) async throws -> Void) {
        (self.state, self.save) = (state, save)
    }

    /// Saves one side's state together with the other's newest; a save that is overtaken by a later one does no harm, as
    /// the files hold more than the state says.
    func note(_ spool: LeafSpool.State, of side: ReplicationFailure.Side) async throws {
        switch side {
        case .source: state.source = spool
        case .target: state.target = spool
        }
        try await save(state)
    }
}
