/// An entry of `pairs`: databases of one server, and where their backups are.
package struct PairConfiguration: Sendable, Equatable {
    /// Where the backups are.
    package enum Target: Sendable, Hashable, CustomStringConvertible {
        case server(String)
        /// The embedded replica with a past.
        case vault

        /// The word of the configuration file for the vault.
        package static let vaultWord = "vault"

        package var description: String {
            switch self {
            case .server(let name): name
            case .vault: Self.vaultWord
            }
        }
    }

    /// Whose scheduler runs the replication job.
    package enum RunOn: String, Sendable, CaseIterable {
        /// The target's server pulls.
        case target
        /// The source's server pushes.
        case source
    }

    /// What Couchkeep does about findings.
    package enum Mode: String, Sendable, CaseIterable {
        /// Repair and tell.
        case manage
        /// Tell only.
        case watch
        /// Neither.
        case off
    }

    /// The name of the source's server.
    package var source: String
    package var target: Target
    package var databases: DatabaseSelection
    package var runOn: RunOn
    package var mode: Mode
    /// Whether a missing target database is created.
    package var createTarget: Bool
    /// Whether a `_security` that differs from the source's is reported.
    package var compareSecurity: Bool
    package var thresholds: ThresholdConfiguration
    package var repairs: RepairConfiguration

    package init(
        source: String, target: Target, databases: DatabaseSelection, runOn: RunOn = .target, mode: Mode = .manage,
        createTarget: Bool = true, compareSecurity: Bool = true, thresholds: ThresholdConfiguration = .init(),
        repairs: RepairConfiguration = .init()
    ) {
        self.source = source
        self.target = target
        self.databases = databases
        self.runOn = runOn
        self.mode = mode
        self.createTarget = createTarget
        self.compareSecurity = compareSecurity
        self.thresholds = thresholds
        self.repairs = repairs
    }
}
