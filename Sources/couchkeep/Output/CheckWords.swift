import Vault

extension CheckProgress {
    /// How far a check is, in words.
    var words: String {
        ProgressLine.words(
            "checked", done: done, total: total, of: part.rawValue, bytes: readBytes, elapsed: elapsed)
    }
}

extension CheckReport {
    /// The first problems, a line each, and how many more there are.
    var problemLines: [String] {
        let lines = problems.prefix(20).map(\.description)
        let rest = problemCount - lines.count
        guard rest > 0 else { return lines }
        let named = problems.count < problemCount ? "\(problems.count)" : "them"
        return lines + ["and \(rest) more; --json names \(named)"]
    }
}
