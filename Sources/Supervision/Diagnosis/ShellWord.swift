import Foundation

/// A word of a command that people paste into a shell: names of databases may have `$` and parentheses.
package enum ShellWord {
    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+-")

    /// The word as a POSIX shell takes it.
    package static func quoted(_ word: String) -> String {
        if !word.isEmpty, word.allSatisfy(plain.contains) { return word }
        return "'\(word.replacingOccurrences(of: "'", with: #"'\''"#))'"
    }
}
