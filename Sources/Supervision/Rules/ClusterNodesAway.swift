import CouchDB

/// Nodes of a server's cluster can't be reached from the one that answers.
package enum ClusterNodesAway: ServerRule {
    package static let name = "nodes-away"
    package static let explanation = RuleExplanation(
        title: "nodes of a cluster are away",
        what:
            "A node is down, the network between the nodes is cut, or the cluster has the name of a node that never was. The "
            + "others go on answering with the copies that they have, and nothing in their answers says so.",
        consequence:
            "What has its copies only on nodes that are away can't be seen, and comes into no backup meanwhile. New documents "
            + "may lie on fewer nodes than they should. The replication jobs of a node that is away are in no list.",
        evidence:
            "GET _membership: names in cluster_nodes that are not in all_nodes. A node in maintenance mode is in both, and is "
            + "not told. Where _membership may not be read, nothing is claimed; where it could be read before, and the server "
            + "fails now, what it said then holds.",
        repair:
            "None by Couchkeep. While so few copies of a shard are left that what they lack may be with the nodes that are away, it "
            + "takes no database for gone, put back or replaced and deletes no checkpoint: such a pair is blind until they are back. "
            + "Start the node, or mend the network between the nodes. One that is gone for good, or never was, is "
            + "removed from the cluster: move its shards to others first, read the revision of GET /_node/_local/_nodes/NAME, "
            + "then DELETE /_node/_local/_nodes/NAME?rev=REVISION (2.x: /_nodes/NAME at port 5986 of a node).",
        severity: "warning", sources: ["cluster/nodes.rst, Removing a node", "cluster/sharding.rst, Moving a shard"])

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        // Of a server that lets nobody in, another rule tells.
        guard situation.observation.login.value != nil,
            let membership = situation.observation.nodes(after: situation.memory),
            let summary = membership.missingSummary
        else { return nil }
        let away = membership.missingNodes.sorted()
        let unread = situation.observation.membership.error.map { "; it may be over, but: \($0.message)" } ?? ""
        return finding(
            .warning, situation,
            "\(summary); what only \(away.count == 1 ? "it has" : "they have") can't be seen\(unread)",
            evidence: [
                "away": .texts(away), "nodes": .count(membership.clusterNodes.count), "url": .text(situation.url),
            ],
            next: "start \(NodesAway.listed(away)); where one is gone for good: couchkeep explain \(name)")
    }
}
