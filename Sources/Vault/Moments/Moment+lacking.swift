extension Moment {
    /// What it lacks of the source, in words; nil where it is complete.
    package var lacking: String? { isComplete ? nil : Self.lacking(setAside: setAside) }

    /// What a moment lacks that is not complete, in words.
    ///
    /// - Parameter setAside: the revisions that were never copied; 0 where the source was not read to its end, or nodes of its
    ///   cluster were away that acknowledged writes may be with.
    package static func lacking(setAside: Int) -> String {
        switch setAside {
        case 0: "the moment was not read to its end, or nodes of its source were away"
        case 1: "1 revision was never copied into the backup"
        default: "\(setAside) revisions were never copied into the backup"
        }
    }
}
