/// The limits and times of a connection to one server.
public struct ConnectionConfiguration: Sendable, Hashable {
    /// The time for finding the host, connecting and the TLS handshake.
    public var connectTimeout: Duration
    /// The longest silence: before the answer begins, and between two of its bytes.
    ///
    /// It also ends a feed that goes silent, so it must be longer than a feed's heartbeat.
    public var readTimeout: Duration
    /// The time for a whole control request with all its retries.
    ///
    /// Feeds and attachments have no such limit.
    public var requestTimeout: Duration
    /// How often a request that may be repeated is tried again.
    public var maximumRetries: Int
    /// The pause before the first retry; it doubles from one to the next.
    public var retryBase: Duration
    /// The longest pause between retries that the server didn't ask for.
    public var retryCap: Duration
    /// The longest `Retry-After` that is waited for; a server that asks for more is an error at once.
    public var retryAfterLimit: Duration
    /// A PEM file with the certificate authorities to trust instead of the system's.
    public var certificateAuthorityFile: String?
    /// The largest answer to a control request in bytes; larger ones are an error.
    public var maximumAnswerSize: Int
    /// How many control requests run at a time; others wait for their turn.
    public var concurrentConnections: Int

    /// Makes a configuration; every value has a default that suits a production server.
    public init(
        connectTimeout: Duration = .seconds(10), readTimeout: Duration = .seconds(60),
        requestTimeout: Duration = .seconds(120), maximumRetries: Int = 3,
        retryBase: Duration = .milliseconds(250), retryCap: Duration = .seconds(10),
        retryAfterLimit: Duration = .seconds(60), certificateAuthorityFile: String? = nil,
        maximumAnswerSize: Int = 64 << 20, concurrentConnections: Int = 8
    ) {
        self.connectTimeout = connectTimeout
        self.readTimeout = readTimeout
        self.requestTimeout = requestTimeout
        self.maximumRetries = maximumRetries
        self.retryBase = retryBase
        self.retryCap = retryCap
        self.retryAfterLimit = retryAfterLimit
        self.certificateAuthorityFile = certificateAuthorityFile
        self.maximumAnswerSize = maximumAnswerSize
        self.concurrentConnections = concurrentConnections
    }
}
