import CouchDB

/// The nodes of both sides' clusters that are away, with copies of what is compared or copied.
package struct AwayNodes: Sendable, Hashable, Codable {
    package private(set) var source: NodesAway?
    package private(set) var target: NodesAway?

    /// Asks both sides at the same time; those alone that are databases in a cluster with several copies of each shard.
    ///
    /// - Parameter sides: what both have just said of themselves.
    /// - Returns: nil where none is away, or nobody tells.
    /// - Throws: ``ReplicationFailure`` of the side that doesn't answer; `CancellationError`.
    package static func ask(
        _ source: any Replica, _ target: any Replica, _ sides: ReplicaDescriptions
    ) async throws -> AwayNodes? {
        async let left = nodesAway(source, sides.source, .source)
        async let right = nodesAway(target, sides.target, .target)
        return try await AwayNodes(source: left, target: right)
    }

    /// Asks both sides for what they say of themselves, and then as above.
    ///
    /// - Throws: ``ReplicationFailure`` of the side that doesn't answer; `CancellationError`.
    package static func ask(
        _ source: any ComparableReplica, _ target: any ComparableReplica
    ) async throws -> AwayNodes? {
        try await ask(source, target, try await ReplicaDescriptions.ask(source, target))
    }

    private static func nodesAway(
        _ replica: any Replica, _ told: ReplicaDescription, _ side: ReplicationFailure.Side
    ) async throws -> NodesAway? {
        guard let database = (replica as? CouchReplica)?.database else { return nil }
        return try await side.naming { try await database.nodesAway(told.copies) }
    }

    /// - Returns: nil where none is away.
    package init?(source: NodesAway? = nil, target: NodesAway? = nil) {
        guard source != nil || target != nil else { return nil }
        (self.source, self.target) = (source, target)
    }

    /// The worse of two looks, of each side; nil where nothing was away at either.
    package static func worse(_ left: AwayNodes?, _ right: AwayNodes?) -> AwayNodes? {
        AwayNodes(
            source: NodesAway.worse(left?.source, right?.source),
            target: NodesAway.worse(left?.target, right?.target))
    }

    /// Why what was read of either side may lack what was acknowledged, in words; nil where it can't.
    package var hiding: String? {
        let texts = [source?.hiding, target?.hiding].compactMap(\.self)
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }
}
