/// All rules, in the order in which people should hear of them: the first that applies names the deepest cause.
package enum RuleCatalogue {
    /// The rules about servers.
    package static let serverRules: [any ServerRule.Type] = [
        ServerUnreachable.self, SecretUnavailable.self, CredentialsRejected.self, ServerReplaced.self,
        ClusterNodesAway.self, DatabasesUnlisted.self, PairsConflict.self, PatternUnmatched.self, TLSNotVerified.self,
        DatabaseUnprotected.self,
    ]

    /// The rules about pairs. The order is also that of their repairs: a pair's first repair is done, the others wait.
    package static let pairRules: [any PairRule.Type] = [
        SourceIsTarget.self, SourceMissing.self, SourceReplaced.self, SourceRolledBack.self, TargetMissing.self,
        TargetRolledBack.self,
        TargetReplaced.self, ReplicationMissing.self, ReplicationTransient.self, ReplicationFailed.self,
        ReplicationCompleted.self, ReplicationPartial.self, ReplicationAltered.self, ReplicationNeverStarted.self,
        ReplicationCrashing.self, ReplicationStalled.self, ReplicationDuplicate.self, WritesRefused.self,
        CountsDiffer.self, MassDeletion.self, ReplicationPending.self, ReplicationBehind.self, CheckpointLost.self,
        PartitioningDiffers.self, SecurityDiffers.self, Blind.self,
    ]

    /// All rules.
    package static var all: [any Rule.Type] { pairRules + serverRules }

    /// The rules whose findings stay until something definite ends them.
    package static let latched: Set<String> = [
        CountsDiffer.name, TargetRolledBack.name, TargetReplaced.name, SourceRolledBack.name, MassDeletion.name,
        CheckpointLost.name, SecurityDiffers.name, ReplicationPartial.name, ReplicationCrashing.name,
        ReplicationTransient.name,
    ]

    /// Those of them that are told as they were last seen, not as they were first known.
    static let renewed: Set<String> = [
        CountsDiffer.name, SecurityDiffers.name, MassDeletion.name, ReplicationPartial.name, ReplicationCrashing.name,
        ReplicationTransient.name,
    ]

    /// The rule of a name.
    package static func rule(named name: String) -> (any Rule.Type)? { all.first { $0.name == name } }
}
