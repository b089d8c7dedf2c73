extension VaultDatabase {
    /// Adds up the leaves of the moment, or of now, and says what is wrong where they are not those that it was made of.
    ///
    /// A row that a disk has lost, that is damaged, or that a damaged number moves to another time, is missed by nothing
    /// else: what is left looks like a smaller backup. Reads every leaf of the moment, but no document.
    ///
    /// - Returns: nil where all are there.
    /// - Throws: `VaultError`; `CancellationError`.
    package func lossOfLeaves() async throws -> String? {
        try await file.read { database in
            let (count, sum) = try horizon(database).sum(database)
            let (title, leaves, digest): (String, Int, DigestSum)
            if let moment {
                (title, leaves, digest) = ("moment \(moment.number)", moment.leaves, moment.digest)
            } else {
                let state = try StateRow(database)
                (title, leaves, digest) = ("the newest state", state.leaves, state.digest)
            }
            if count != leaves { return "\(title) was made of \(leaves) revisions, and \(count) are there" }
            return sum == digest ? nil : "the revisions of \(title) are not those it was made of"
        }
    }

    /// Refuses a moment, or the newest state, that has lost leaves: what is left would pass for all that there was.
    ///
    /// - Throws: `VaultError` with code `vault-damaged`; `CancellationError`.
    package func expectAllLeaves() async throws {
        guard let loss = try await lossOfLeaves() else { return }
        throw VaultError(
            .damaged, loss, at: name,
            next:
                "couchkeep vault repair \(name) --from URL, then couchkeep backup, stores anew what the source still has"
        )
    }
}
