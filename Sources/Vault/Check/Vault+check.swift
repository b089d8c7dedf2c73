extension Vault {
    /// Checks the catalogue and one backup, or all of them; damage is reported, not thrown.
    ///
    /// - Parameter onProgress: called with a backup's name, as by the check of one.
    /// - Returns: a report for each backup by its name; problems of the catalogue are in a report without a name. One of
    ///   several that can't be looked at does not end the check of the others.
    /// - Throws: `VaultError` where no backup can be looked at, such as with a wrong key; `CancellationError`.
    package func check(
        only name: String? = nil, readData: Bool,
        onProgress: @escaping @Sendable (String, CheckProgress) -> Void = { _, _ in }
    ) async throws -> [(name: String, report: CheckReport)] {
        var catalogueReport = CheckReport()
        for problem in try await catalogue.problems() { catalogueReport.add("catalogue", problem) }
        var reports: [(name: String, report: CheckReport)] = [("", catalogueReport)]
        guard catalogueReport.isSound else { return reports }
        for entry in try await entries(only: name.map { [$0] } ?? []) {
            do {
                let report = try await withDatabase(entry.name, isWriting: false, now: entry.created) {
                    try await $0.check(readData: readData) { onProgress(entry.name, $0) }
                }
                reports.append((entry.name, report))
            } catch let error as VaultError {
                var report = CheckReport()
                if [.damaged, .notAVault, .otherDatabase].contains(error.code) {
                    report.add("file", "\(error.ofCheck)")
                } else {
                    // All else, such as another key or a newer format, says nothing of what is stored.
                    report.unread = error
                }
                reports.append((entry.name, report))
            }
        }
        let backups = reports.dropFirst()
        if let error = backups.first?.report.unread, backups.allSatisfy({ $0.report.unread != nil }) { throw error }
        return reports
    }
}
