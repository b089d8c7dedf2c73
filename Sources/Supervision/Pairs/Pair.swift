/// A source database and the target that is to hold its backup.
package struct Pair: Sendable, Hashable {
    /// Whose scheduler runs the replication.
    package enum Coordinator: String, Sendable, Hashable, Codable {
        /// The target's server pulls.
        case target
        /// The source's server pushes.
        case source
    }

    /// What Couchkeep may do for the pair.
    package enum Mode: String, Sendable, Hashable, Codable {
        /// Watch and repair.
        case manage
        /// Watch, change nothing.
        case watch
        /// Don't look.
        case off
    }

    /// The name that people use: the source database's, longer where that would be ambiguous.
    package var name: String
    /// Where documents come from.
    package var source: DatabaseAddress
    /// Where the backup is.
    package var target: DatabaseAddress
    /// Whose scheduler runs the replication.
    package var runOn: Coordinator
    /// What may be done.
    package var mode: Mode
    /// Whether a missing target database is to be created.
    package var createsTarget: Bool
    /// Whether a `_security` that differs from the source's is worth telling.
    package var comparesSecurity: Bool
    /// When a measure becomes a finding.
    package var thresholds: Thresholds
    /// How much repairing it may see.
    package var budget: RepairBudget

    package init(
        name: String, source: DatabaseAddress, target: DatabaseAddress, runOn: Coordinator = .target,
        mode: Mode = .manage, createsTarget: Bool = true, comparesSecurity: Bool = true,
        thresholds: Thresholds = Thresholds(), budget: RepairBudget = RepairBudget()
    ) {
        self.name = name
        self.source = source
        self.target = target
        self.runOn = runOn
        self.mode = mode
        self.createsTarget = createsTarget
        self.comparesSecurity = comparesSecurity
        self.thresholds = thresholds
        self.budget = budget
    }

    /// What the pair is remembered by: independent of its name, so that renaming it loses nothing.
    package var key: String { Self.key(source: source, target: target) }

    static func key(source: DatabaseAddress, target: DatabaseAddress) -> String {
        "\(source.server)/\(source.database) -> \(target.server)/\(target.database)"
    }

    /// The name of the server whose scheduler runs the replication.
    package var coordinator: String { runOn == .target ? target.server : source.server }
}

/// A database on a server of the configuration.
package struct DatabaseAddress: Sendable, Hashable, Codable {
    /// The server's name in the configuration.
    package var server: String
    /// The database's name.
    package var database: String

    package init(server: String, database: String) {
        self.server = server
        self.database = database
    }
}
