/// Why a request to a CouchDB server, or the reading of its answer, failed.
///
/// Errors are equal when their ``code-swift.property`` is: tests and rules look at the code, people at the text. No text
/// in an error comes from a credential: URLs are shown without user information.
public struct CouchError: Error, Sendable {
    /// The stable name of a kind of error, part of Couchkeep's output contract.
    public struct Code: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        /// The name, such as `unauthorized`.
        public let rawValue: String
        /// Makes a code of a name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The name.
        public var description: String { rawValue }

        /// Nothing answers at the address: connection refused, reset or cut off.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The host name could not be resolved.
        public static let nameNotResolved = Code(rawValue: "name-not-resolved")
        /// The TLS handshake failed, most often because the certificate is not trusted.
        public static let tls = Code(rawValue: "tls")
        /// No answer, or no further byte of one, within the configured time.
        public static let timeout = Code(rawValue: "timeout")
        /// 401: no credentials, or wrong ones.
        public static let unauthorized = Code(rawValue: "unauthorized")
        /// 403: the credentials are right, but they don't allow this.
        public static let forbidden = Code(rawValue: "forbidden")
        /// 404: no such database, document or endpoint.
        public static let notFound = Code(rawValue: "not-found")
        /// 409: the document was changed by somebody else.
        public static let conflict = Code(rawValue: "conflict")
        /// 412: the database exists already, or an attachment's stub has no content.
        public static let preconditionFailed = Code(rawValue: "precondition-failed")
        /// 413: the document, attachment or request is larger than the server takes.
        public static let tooLarge = Code(rawValue: "too-large")
        /// 429: the server asks to slow down, and kept asking until the retries were used up.
        public static let tooManyRequests = Code(rawValue: "too-many-requests")
        /// Any other 4xx answer.
        public static let rejected = Code(rawValue: "rejected")
        /// A 5xx answer, or one by which CouchDB tells that a node is away (412).
        public static let serverError = Code(rawValue: "server-error")
        /// The answer does not come from CouchDB: a proxy's HTML page, a login form, another service.
        public static let notCouchDB = Code(rawValue: "not-couchdb")
        /// The answer is not what CouchDB documents: broken JSON, a feed cut in the middle.
        public static let malformedAnswer = Code(rawValue: "malformed-answer")
        /// The answer is larger than the configured limit.
        public static let answerTooLarge = Code(rawValue: "answer-too-large")
        /// What was asked for is not a valid name, URL or revision.
        public static let invalidInput = Code(rawValue: "invalid-input")
        /// The server's version has no such function.
        public static let unsupported = Code(rawValue: "unsupported")
    }

    /// The kind of error.
    public let code: Code
    /// What happened, as a sentence without a final stop.
    public let message: String
    /// The request that failed, such as `GET https://couch1:6984/orders`, without credentials.
    public let request: String?
    /// The HTTP status, where there was an answer.
    public let status: Int?
    /// CouchDB's `error` word, such as `file_exists`.
    public let error: String?
    /// CouchDB's `reason` text.
    public let reason: String?

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, request: String? = nil, status: Int? = nil, error: String? = nil,
        reason: String? = nil
    ) {
        self.code = code
        self.message = message
        self.request = request
        self.status = status
        self.error = error
        self.reason = reason
    }
}

extension CouchError {
    /// The same error with the request that it belongs to, where it names none yet.
    func naming(_ request: String) -> CouchError {
        CouchError(
            code, message, request: self.request ?? request, status: status, error: self.error, reason: reason)
    }
}

extension CouchError {
    /// Whether a server answered, and did not accept who asked.
    public var isRejection: Bool { code == .unauthorized || code == .forbidden }

    /// Whether somebody on the way did not allow the request: the server, or a proxy in front of it.
    public var isRefusal: Bool { isRejection || status == 401 || status == 403 }
}

extension CouchError: Equatable {
    /// Compares the codes alone.
    public static func == (left: CouchError, right: CouchError) -> Bool { left.code == right.code }
}

extension CouchError: CustomStringConvertible {
    /// The message, with the request that failed.
    public var description: String {
        guard let request else { return message }
        return "\(message) (\(request))"
    }
}
