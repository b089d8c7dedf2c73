import CouchDB

/// The target's `_security` is not the source's.
package enum SecurityDiffers: PairRule {
    package static let name = "security-differs"
    package static let explanation = RuleExplanation(
        title: "_security of the backup differs from the source's",
        what: "Replication never copies _security. It was changed on one side after the backup was made.",
        consequence: "After a switch to the backup, people may lack access, or have access that they must not have.",
        evidence: "GET {db}/_security on both sides, compared as JSON; missing members count as empty lists.",
        repair:
            "None by Couchkeep, which never widens access to an existing database. Copy the object where that is wanted, or "
            + "set compare_security: false for the pair.",
        severity: "warning", sources: ["api/database/security.rst"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard situation.pair.comparesSecurity else { return nil }
        guard let inspection = situation.observation.inspection, let source = inspection.sourceSecurity.value,
            let target = inspection.targetSecurity.value
        else {
            // It is read only now and then; until then the last word stands.
            guard situation.memory.findingsSince[name] != nil else { return nil }
            return finding(
                .warning, situation, "_security of the backup differs from the source's", next: next(situation))
        }
        guard normalized(source) != normalized(target) else { return nil }
        return finding(
            .warning, situation, "_security of the backup differs from the source's",
            evidence: ["source": source, "target": target], next: next(situation))
    }

    private static func next(_ situation: PairSituation) -> String {
        "copy \(situation.pair.source.database)/_security from \(situation.pair.source.server) to "
            + "\(situation.pair.target.server), or set compare_security: false"
    }

    /// The four lists as sets, and whatever else there is as it is.
    private static func normalized(_ security: JSONValue) -> JSONValue {
        var members = security.object ?? [:]
        for part in ["admins", "members"] {
            func set(_ kind: String) -> JSONValue {
                .texts(Set((members[part]?[kind]?.array ?? []).compactMap(\.string)).sorted())
            }
            members[part] = ["names": set("names"), "roles": set("roles")]
        }
        return .object(members)
    }
}
