import Foundation

/// The step by which what a finding tells is taken for right.
package enum AdoptionStep {
    private static let command = "couchkeep check --adopt"

    /// Limits the step to what a finding is about: nobody should accept by it what is told of others.
    package static func naming(_ name: String, in next: String) -> String {
        next.replacingOccurrences(of: command, with: "\(command) --only \(ShellWord.quoted(name))")
    }
}
