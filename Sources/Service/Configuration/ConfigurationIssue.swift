/// One thing that is wrong, or only doubtful, in a configuration file: what, where, and what to do.
///
/// No text in it comes from a secret.
package struct ConfigurationIssue: Sendable, Equatable {
    /// The stable name of a kind of issue, part of the output contract.
    package struct Code: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package var description: String { rawValue }

        /// No configuration file is where one is looked for.
        package static let notFound = Code(rawValue: "configuration-not-found")
        package static let fileUnreadable = Code(rawValue: "file-unreadable")
        package static let syntax = Code(rawValue: "syntax")
        package static let unknownKey = Code(rawValue: "unknown-key")
        package static let duplicateKey = Code(rawValue: "duplicate-key")
        package static let missingKey = Code(rawValue: "missing-key")
        package static let wrongType = Code(rawValue: "wrong-type")
        package static let invalidValue = Code(rawValue: "invalid-value")
        /// Two keys that exclude each other, such as `password` and `password_file`.
        package static let conflictingKeys = Code(rawValue: "conflicting-keys")
        package static let undefinedServer = Code(rawValue: "undefined-server")
        package static let duplicateServer = Code(rawValue: "duplicate-server")
        package static let duplicatePair = Code(rawValue: "duplicate-pair")
        /// A database would be replicated into itself.
        package static let sourceIsTarget = Code(rawValue: "source-is-target")
        /// Two sources would be replicated into one target.
        package static let targetCollision = Code(rawValue: "target-collision")
        /// A pattern matches no database.
        package static let unmatchedPattern = Code(rawValue: "unmatched-pattern")
        /// Secrets in a file that others than its owner may read.
        package static let fileExposed = Code(rawValue: "file-exposed")
        /// A secret can't be had from where it is said to be.
        package static let secretUnavailable = Code(rawValue: "secret-unavailable")
        /// This version can't do it yet.
        package static let notSupportedYet = Code(rawValue: "not-supported-yet")
        /// Allowed, but seldom meant.
        package static let doubtful = Code(rawValue: "doubtful")
        /// A new configuration would replace a file.
        package static let fileExists = Code(rawValue: "file-exists")
        package static let fileNotWritten = Code(rawValue: "file-not-written")
    }

    package let code: Code
    package let file: String?
    package let position: FilePosition?
    /// What is wrong, as a sentence without a final stop.
    package let message: String
    /// What to do, as a sentence without a final stop.
    package let nextStep: String

    package init(
        _ code: Code, file: String?, position: FilePosition? = nil, message: String, nextStep: String
    ) {
        self.code = code
        self.file = file
        self.position = position
        self.message = message
        self.nextStep = nextStep
    }
}

extension ConfigurationIssue: CustomStringConvertible {
    /// Such as `couchkeep.yaml:3:5: …`, with the next step on a line of its own.
    package var description: String {
        let place = [file, position?.description].compactMap(\.self).joined(separator: ":")
        return "\(place.isEmpty ? "" : "\(place): ")\(message)\n    next: \(nextStep)"
    }
}

extension ConfigurationIssue: Comparable {
    /// Orders by place in the file; what concerns the whole file comes first.
    package static func < (left: ConfigurationIssue, right: ConfigurationIssue) -> Bool {
        let first = left.position ?? .beforeStart
        let second = right.position ?? .beforeStart
        return first == second ? left.message < right.message : first < second
    }
}
