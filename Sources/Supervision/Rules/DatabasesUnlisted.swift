import CouchDB

/// A source does not tell which databases it has.
package enum DatabasesUnlisted: ServerRule {
    package static let name = "databases-unlisted"
    package static let explanation = RuleExplanation(
        title: "a source does not tell which databases it has",
        what:
            "GET _all_dbs is refused or fails. From 3.0 on only a server admin may ask ([chttpd] admin_only_all_dbs).",
        consequence:
            "New databases are not picked up, and nobody knows which ones have no backup. The databases that are named, "
            + "or were seen before, are supervised as ever.",
        evidence: "The answer to GET _all_dbs.",
        repair:
            "Give Couchkeep's user the rights of a server admin at the source; where it is not refused but fails, look at "
            + "the server, and at what stands before it, such as a proxy that lets only some paths through.",
        severity: "warning", sources: ["default.ini, section chttpd"])

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        let observation = situation.observation
        // Why nobody is let in, or nothing answers at all, is told by the rules about that.
        guard observation.info.value != nil, observation.secretError == nil,
            CredentialsRejected.diagnose(situation) == nil, let error = observation.databaseNames.error
        else { return nil }
        let isRefused = error.code == .unauthorized || error.code == .forbidden
        return finding(
            .warning, situation, "\(observation.name) does not list its databases: \(error.message)",
            evidence: ["code": .text(error.code.rawValue), "error": .text(error.description)],
            next: isRefused
                ? "give Couchkeep's user the rights of a server admin on \(observation.name)"
                : situation.curl("/_all_dbs"))
    }
}
