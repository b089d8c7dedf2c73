import CouchDB

/// The nodes of both sides' clusters that are away, with copies of what is compared or copied.
package struct AwayNodes: Sendable, Hashable, Codable {
    package private(set) var source: NodesAway?
    package private(set) var target: NodesAway?

    /// Asks both sides at the same time; those alone that are databases in a cluster with several copies of each shard.
    ///
    /// - Parameters:
    ///   - sides: what both have just said of themselves; nil to ask them.
    ///   - options: how failed calls are repeated, as behind hours of work whose verdict waits for the answer; nil to ask once.
    /// - Returns: nil where none is away, or nobody tells.
    /// - Throws: ``ReplicationFailure`` of the side that doesn't answer; `CancellationError`.
    package static func ask(
        _ source: any Replica, _ target: any Replica, _ sides: ReplicaDescriptions? = nil,
        repeating options: ReplicationOptions? = nil
    ) async throws -> AwayNodes? {
        async let left = nodesAway(source, sides?.source, .source, repeating: options)
        async let right = nodesAway(target, sides?.target, .target, repeating: options)
        return try await AwayNodes(source: left, target: right)
    }

    private static func nodesAway(
        _ replica: any Replica, _ told: ReplicaDescription?, _ side: ReplicationFailure.Side,
        repeating options: ReplicationOptions?
    ) async throws -> NodesAway? {
        guard let couch = replica as? CouchReplica else { return nil }
        @Sendable func look() async throws -> NodesAway? {
            let copies = if let told { told.copies } else { try await couch.describe().copies }
            return try await couch.database.nodesAway(copies)
        }
        guard let options else { return try await side.naming { try await look() } }
        return try await Retrier(side, couch, options: options).call(look)
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
