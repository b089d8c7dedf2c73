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
        repair: "Give Couchkeep's user the rights of a server admin at the source.",
        severity: "warning", sources: ["default.ini, section chttpd"])

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard situation.observation.info.value != nil, situation.observation.login.value != nil,
            let error = situation.observation.databaseNames.error
        else { return nil }
        return finding(
            .warning, situation, "\(situation.observation.name) does not list its databases: \(error.message)",
            evidence: ["code": .text(error.code.rawValue), "error": .text(error.description)],
            next: "give Couchkeep's user the rights of a server admin on \(situation.observation.name)")
    }
}
