/// What says that a backup may be the only copy of what its source has lost: nothing is removed from it then.
package enum OnlyCopy {
    private static let pairRules: [any PairRule.Type] = [SourceReplaced.self, SourceRolledBack.self, MassDeletion.self]

    /// The names of the rules that say so of a pair; of its servers ``ServerReplaced`` does.
    package static let rules = Set(pairRules.map { $0.name })

    /// Whether one of them says so in a situation.
    static func isSuspected(in situation: PairSituation) -> Bool {
        let servers = situation.sourceServerFindings + situation.targetServerFindings
        return situation.mayLackCopies(.source) || servers.contains { $0.rule == ServerReplaced.name }
            || pairRules.contains { $0.diagnose(situation) != nil }
    }
}
