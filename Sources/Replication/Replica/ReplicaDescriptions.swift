/// What both sides of a comparison say of themselves.
package struct ReplicaDescriptions: Sendable, Hashable {
    package var source: ReplicaDescription
    package var target: ReplicaDescription

    /// Whether both are partitioned, or neither is; nil where a side is no database of a server.
    package var haveEqualPartitioning: Bool? {
        guard let left = source.isPartitioned, let right = target.isPartitioned else { return nil }
        return left == right
    }

    /// Asks both at the same time.
    ///
    /// - Throws: ``ReplicationFailure`` of the side that doesn't answer; `CancellationError`.
    package static func ask(
        _ source: any ComparableReplica, _ target: any ComparableReplica
    ) async throws -> ReplicaDescriptions {
        async let left = ReplicationFailure.Side.source.naming { try await source.describe() }
        async let right = ReplicationFailure.Side.target.naming { try await target.describe() }
        return try await ReplicaDescriptions(source: left, target: right)
    }
}
