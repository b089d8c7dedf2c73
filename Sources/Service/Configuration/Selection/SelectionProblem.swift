/// Why databases that patterns fit are not covered.
package enum SelectionProblem: Sendable, Hashable, CustomStringConvertible {
    /// Two databases can't be backed up into one.
    case collision(sources: [String], target: String)
    /// CouchDB doesn't accept the name.
    case invalidTarget(source: String, target: String)
    /// CouchDB runs the documents of every database of that name as replications.
    case wouldStartJobs(source: String, target: String)

    /// What to tell of it where a server's databases have it; nil where the pairs are told that it makes.
    func words(for target: PairConfiguration.Target) -> String? {
        guard case .collision(let sources, let name) = self else { return description }
        guard target == .vault else { return nil }
        return
            "the databases \(sources.joined(separator: ", ")) would all be backed up into \(name) of the vault; one of "
            + "which that is the backup goes on, and no other is backed up"
    }

    package var description: String {
        switch self {
        case .collision(let sources, let target):
            "the databases \(sources.joined(separator: ", ")) would all be backed up into \(target)"
        case .invalidTarget(let source, let target):
            "the database \(source) would be backed up into \(target), which is no valid name"
        case .wouldStartJobs(let source, let target):
            "the database \(source) would be backed up into \(target), where its documents would run as replications"
        }
    }
}
