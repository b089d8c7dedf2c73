import CouchDB

/// Another server answers at the address.
package enum ServerReplaced: ServerRule {
    package static let name = "server-replaced"
    package static let explanation = RuleExplanation(
        title: "another server answers at this address",
        what:
            "The uuid of the server is not the one remembered: a new installation, a restored virtual machine, a container "
            + "without a fixed [couchdb] uuid, or a name that now leads elsewhere.",
        consequence:
            "The replication may copy the wrong databases, or into the wrong place. If the server runs replications, "
            + "all of them begin again, since the uuid is a part of their ids.",
        evidence: "The uuid in GET / differs from the one remembered.",
        repair:
            "Couchkeep repairs nothing on either side until the new server is accepted with: couchkeep check --adopt",
        severity: "critical", sources: ["couch_replicator_ids.erl", "apache/couchdb#4385"])

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard let before = situation.memory.uuid, let now = situation.observation.info.value?.uuid, before != now
        else { return nil }
        return finding(
            .critical, situation,
            "\(situation.observation.name) is another server than before; its uuid has changed",
            evidence: ["url": .text(situation.url), "uuidBefore": .string(before), "uuidNow": .string(now)],
            next: "if that is right: couchkeep check --adopt")
    }
}
