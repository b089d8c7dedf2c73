extension VaultDatabase {
    /// Adds up the leaves of the moment, and says what is wrong where they are not those that it was sealed with.
    ///
    /// A row that a disk has lost, or that a damaged number moves to another time, is missed by nothing else: what is left
    /// looks like a smaller backup. Reads every leaf of the moment, but no document.
    ///
    /// - Returns: nil where all are there, and for the state of now, which nothing was sealed with.
    /// - Throws: `VaultError`, also where a row can't be read; `CancellationError`.
    package func lossOfLeaves() async throws -> String? {
        guard let moment else { return nil }
        let (count, sum) = try await file.read { try horizon($0).sum($0) }
        if count != moment.leaves {
            return "moment \(moment.number) was made of \(moment.leaves) revisions, and \(count) are there"
        }
        return sum == moment.digest ? nil : "the revisions of moment \(moment.number) are not those it was made of"
    }
}
