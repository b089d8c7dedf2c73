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
        severity: "warning; notice where the backup alone is for administrators only, as CouchDB 3 makes new databases",
        sources: ["api/database/security.rst"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard situation.pair.comparesSecurity else { return nil }
        guard let inspection = situation.observation.inspection, let source = inspection.sourceSecurity.value,
            let target = inspection.targetSecurity.value
        else {
            // It is read only now and then; until then the last word stands.
            guard let latch = situation.memory.latches[name] else { return nil }
            return finding(
                latch.severity, situation, latch.summary, evidence: latch.evidence, next: next(situation))
        }
        let (left, right) = (SecurityObject(source), SecurityObject(target))
        guard left != right else { return nil }
        // What an older server leaves open to everybody is not opened on the newer one too.
        let isNarrower = left == .open && right == .forAdministrators
        return finding(
            isNarrower ? .notice : .warning, situation,
            isNarrower
                ? "the backup is for administrators only, while the source is open to everybody"
                : "_security of the backup differs from the source's",
            evidence: ["source": source, "target": target], next: next(situation))
    }

    private static func next(_ situation: PairSituation) -> String {
        "copy \(situation.pair.source.database)/_security from \(situation.pair.source.server) to "
            + "\(situation.pair.target.server), or set compare_security: false"
    }
}
