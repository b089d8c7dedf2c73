import Backup
import Supervision

/// A backup can't be rehearsed as it is configured.
package enum DrillImpossible: Rule {
    package static let name = "drill-impossible"
    package static let explanation = RuleExplanation(
        title: "the backup can't be rehearsed as it is configured",
        what:
            "drill: in the configuration wants a restore to be rehearsed, and something stands against it that does not pass by "
            + "itself: the backup is too large for memory and no server is named, the vault's key does not read, or the "
            + "server for the scratch does not let the user in or make databases, or has not removed the scratch of an earlier "
            + "drill.",
        consequence: "Whether the backup can be restored is not known for now, or soon will not be.",
        evidence: "What the last drill that was tried was answered.",
        repair:
            "None by Couchkeep. Name a server in drill: that has room for it, with the right secret and a user who may make "
            + "databases there, which a server admin may. A backup that this machine's key can't read is rehearsed where the private key is; take drill: "
            + "out of this machine's configuration then, or move its other pairs to a configuration of their own. Each check "
            + "tries again after growing pauses, at once where another place is configured; by hand: couchkeep drill PAIR.",
        severity: "warning")

    /// What to do about it.
    ///
    /// - Parameter server: the name of the one for the scratch.
    static func next(_ obstacle: DrillReport.Obstacle, by hand: String, on server: String?) -> String {
        switch obstacle {
        case .tooLarge: "name a server with room for it in the configuration: drill: { server: NAME }"
        case .unreadable:
            "rehearse it where the private key is, and take drill: out of this configuration, or name a key that reads: "
                + "couchkeep explain \(name)"
        case .unauthorized:
            "correct the user and the secret of \(server ?? "the server") in the configuration: couchkeep config check"
        case .forbidden: "give the server's user in the configuration the right to make databases, then: \(hand)"
        case .scratchLeft:
            "let the server's user remove databases, and see to what is left: couchkeep explain \(DrillLeftover.name); "
                + "each check tries to remove it"
        case .secretUnavailable: "put the secret in its place: couchkeep config check"
        }
    }
}
