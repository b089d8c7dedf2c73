/// What the configuration file says, with the defaults filled in.
package struct Configuration: Sendable, Equatable {
    /// In the order of the file.
    package var servers: [ServerConfiguration]
    /// In the order of the file.
    package var pairs: [PairConfiguration]
    package var unprotected: UnprotectedConfiguration
    package var vault: VaultConfiguration?
    package var verify: VerifyConfiguration?
    package var drill: DrillConfiguration?
    package var notify: NotifyConfiguration
    /// The folder of the state database; nil lets ``StateLocation`` decide.
    package var state: String?

    package init(
        servers: [ServerConfiguration], pairs: [PairConfiguration], unprotected: UnprotectedConfiguration = .init(),
        vault: VaultConfiguration? = nil, verify: VerifyConfiguration? = nil, drill: DrillConfiguration? = nil,
        notify: NotifyConfiguration = .init(), state: String? = nil
    ) {
        self.servers = servers
        self.pairs = pairs
        self.unprotected = unprotected
        self.vault = vault
        self.verify = verify
        self.drill = drill
        self.notify = notify
        self.state = state
    }

    /// Whether a pair is backed up into the vault.
    package var usesVault: Bool { pairs.contains { $0.target == .vault } }

    /// The vault of its pairs, and of commands that are told of none: the usual folder where the section is not there.
    package var pairsVault: VaultConfiguration { vault ?? VaultConfiguration() }

    package func server(named name: String) -> ServerConfiguration? { servers.first { $0.name == name } }
}
