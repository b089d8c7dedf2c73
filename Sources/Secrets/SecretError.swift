/// Why a secret could not be had, and what to do about it.
///
/// No text in it comes from the secret: a file and a variable are named, of a command only its program. Errors are equal
/// when their codes are.
public struct SecretError: Error, Sendable {
    /// The stable name of a kind of error, part of Couchkeep's output contract.
    public struct Code: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        /// The name, such as `secret-file-missing`.
        public let rawValue: String
        /// Makes a code of a name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The name.
        public var description: String { rawValue }

        /// There is no such file.
        public static let fileMissing = Code(rawValue: "secret-file-missing")
        /// The file is there but can't be read, or is no regular file.
        public static let fileUnreadable = Code(rawValue: "secret-file-unreadable")
        /// Others than the owner may read or change the file.
        public static let fileExposed = Code(rawValue: "secret-file-exposed")
        /// The environment variable is not set.
        public static let variableMissing = Code(rawValue: "secret-variable-missing")
        /// The program could not be started, or ended with a failure.
        public static let commandFailed = Code(rawValue: "secret-command-failed")
        /// The program did not end in time, and was ended.
        public static let commandTimeout = Code(rawValue: "secret-command-timeout")
        /// The place of the secret holds nothing.
        public static let empty = Code(rawValue: "secret-empty")
        /// The place holds more than one line, control characters, or no UTF-8 text.
        public static let malformed = Code(rawValue: "secret-malformed")
    }

    /// The kind of error.
    public let code: Code
    /// What happened, as a sentence without a final stop.
    public let message: String
    /// What to do next, as a sentence without a final stop.
    public let nextStep: String

    /// Makes an error.
    public init(_ code: Code, _ message: String, nextStep: String) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }
}

extension SecretError: Equatable {
    /// Compares the codes alone.
    public static func == (left: SecretError, right: SecretError) -> Bool { left.code == right.code }
}

extension SecretError: CustomStringConvertible {
    /// What happened and what to do.
    public var description: String { "\(message). Next: \(nextStep)." }
}
