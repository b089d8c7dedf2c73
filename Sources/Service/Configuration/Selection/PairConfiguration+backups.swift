extension PairConfiguration {
    /// Drops the backups that this entry made itself.
    ///
    /// On one and the same server `*` also fits them, and would back them up again and again.
    package func withoutBackupsOfBackups(_ selected: [SelectedDatabase]) -> [SelectedDatabase] {
        guard target == .server(source) else { return selected }
        let backups = Set(selected.filter { $0.source != $0.target }.map(\.target))
        let named = Set(databases.explicitNames)
        return selected.filter { !backups.contains($0.source) || named.contains($0.source) }
    }
}
