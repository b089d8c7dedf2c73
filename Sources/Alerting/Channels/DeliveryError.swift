/// Why a message was not delivered, and what to do about it.
///
/// No text in it comes from a password, a token or a secret URL.
package struct DeliveryError: Error, Sendable, Hashable, Codable {
    /// The stable name of a kind of failure.
    package struct Code: Sendable, Hashable, RawRepresentable, Codable, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package var description: String { rawValue }

        package static let invalidSettings = Code(rawValue: "invalid-settings")
        package static let nameNotResolved = Code(rawValue: "name-not-resolved")
        package static let unreachable = Code(rawValue: "unreachable")
        package static let timeout = Code(rawValue: "timeout")
        package static let certificateNotTrusted = Code(rawValue: "certificate-not-trusted")
        package static let tls = Code(rawValue: "tls")
        /// The server offers no encryption, and it was not allowed to go without.
        package static let tlsNotOffered = Code(rawValue: "tls-not-offered")
        package static let loginRefused = Code(rawValue: "login-refused")
        package static let senderRefused = Code(rawValue: "sender-refused")
        package static let recipientRefused = Code(rawValue: "recipient-refused")
        /// The receiver doesn't want this very message; another one may pass.
        package static let messageRejected = Code(rawValue: "message-rejected")
        /// The receiver refuses for another reason, which the message tells.
        package static let rejected = Code(rawValue: "rejected")
        /// The answer is not what such a receiver answers.
        package static let unexpectedAnswer = Code(rawValue: "unexpected-answer")
        package static let commandNotFound = Code(rawValue: "command-not-found")
        package static let commandFailed = Code(rawValue: "command-failed")
        /// A library that is opened when it is needed is not installed.
        package static let libraryMissing = Code(rawValue: "library-missing")
        package static let unexpected = Code(rawValue: "unexpected")
    }

    package var code: Code
    /// What happened, as a sentence without a final stop.
    package var message: String
    /// The next step, or empty.
    package var hint: String
    /// Whether others got the message all the same, so that it must not be sent again.
    package var delivered: Bool
    /// Those of several receivers who refused it for now, and alone are to get it later; nil: nobody.
    package var rest: [String]?

    package init(
        _ code: Code, _ message: String, hint: String = "", delivered: Bool = false, rest: [String]? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.delivered = delivered
        self.rest = rest
    }
}

extension DeliveryError: CustomStringConvertible {
    package var description: String {
        hint.isEmpty ? "\(message) (\(code))" : "\(message) (\(code)); \(hint)"
    }
}
