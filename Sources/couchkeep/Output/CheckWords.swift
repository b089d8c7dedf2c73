import Vault

extension CheckProgress {
    /// How far a check is, in words.
    var words: String {
        ProgressLine.words(
            "checked", done: done, total: total, of: part.rawValue, bytes: readBytes, elapsed: elapsed)
    }
}
