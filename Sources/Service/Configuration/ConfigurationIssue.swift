/// One thing that is wrong, or only doubtful, in a configuration file: what, where, and what to do.
///
/// No text in it comes from a secret.
package struct ConfigurationIssue: Sendable, Equatable {
    /// The stable name of a kind of issue, part of the output contract.
    package enum Code: String, Sendable, CaseIterable, CustomStringConvertible {
        /// No configuration file is where one is looked for.
        case notFound = "configuration-not-found"
        case fileUnreadable = "file-unreadable"
        case syntax
        case unknownKey = "unknown-key"
        case duplicateKey = "duplicate-key"
        case missingKey = "missing-key"
        case wrongType = "wrong-type"
        case invalidValue = "invalid-value"
        /// Two keys that exclude each other, such as `password` and `password_file`.
        case conflictingKeys = "conflicting-keys"
        case undefinedServer = "undefined-server"
        case duplicateServer = "duplicate-server"
        case duplicatePair = "duplicate-pair"
        /// A database would be replicated into itself.
        case sourceIsTarget = "source-is-target"
        /// Two sources would be replicated into one target.
        case targetCollision = "target-collision"
        /// Secrets in a file that others than its owner may read.
        case fileExposed = "file-exposed"
        /// A secret can't be had from where it is said to be.
        case secretUnavailable = "secret-unavailable"
        /// Allowed, but seldom meant.
        case doubtful
        /// A new configuration would replace a file.
        case fileExists = "file-exists"
        case fileNotWritten = "file-not-written"

        package var description: String { rawValue }
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
    /// Such as `couchkeep.yaml:3:5: … [unknown-key]`, with the next step on a line of its own.
    package var description: String {
        let place = [file, position?.description].compactMap(\.self).joined(separator: ":")
        return "\(place.isEmpty ? "" : "\(place): ")\(message) [\(code)]\n    next: \(nextStep)"
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
