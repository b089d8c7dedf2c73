/// Decides whether a failed request is tried again, and after which pause.
///
/// A request that may not be repeated is still tried again where the server surely did not act on it: it was never
/// sent, or it was answered with 429.
struct RetryPolicy: Sendable, Hashable {
    /// What became of one try.
    enum Outcome: Sendable, Hashable {
        /// The server answered with an error status.
        case answered(status: Int, retryAfter: Duration?)
        /// There was no whole answer.
        case failed(CouchError.Code, wasSent: Bool)
    }

    /// What to do now.
    enum Decision: Sendable, Hashable {
        case retry(after: Duration)
        case giveUp
    }

    var maximumRetries: Int
    var base: Duration
    var cap: Duration
    var retryAfterLimit: Duration
    /// Whether a server that is too busy is given more time: pauses are four times as long, and one that asks to slow down (429) is
    /// asked twice as often.
    ///
    /// For requests that nobody makes again who would slow down by himself.
    var waitsForBusyServer = false

    /// - Parameters:
    ///   - retries: how many retries there were already.
    ///   - random: from 0 to 1, spreads the pauses of many clients.
    ///   - remaining: the time that is left for the request; a pause must be shorter.
    func decision(
        after outcome: Outcome, retries: Int, isIdempotent: Bool, random: Double, remaining: Duration
    ) -> Decision {
        let busy: Int? = if waitsForBusyServer, case .answered(let status, _) = outcome { status } else { nil }
        let most = busy == 429 ? maximumRetries * 2 : maximumRetries
        guard retries < most, isRetryable(outcome, isIdempotent: isIdempotent) else { return .giveUp }
        var pause = backOff(retries: retries, random: random, factor: busy == 429 || busy == 503 ? 4 : 1)
        if case .answered(_, let retryAfter?) = outcome {
            guard retryAfter <= retryAfterLimit else { return .giveUp }
            pause = max(pause, retryAfter)
        }
        return pause < remaining ? .retry(after: pause) : .giveUp
    }

    /// Half of the doubled pause is fixed, half is random.
    func backOff(retries: Int, random: Double, factor: Int = 1) -> Duration {
        // Beyond that many doublings every cap is reached.
        let doubled = base * (factor << min(retries, 20))
        return min(doubled, cap) * (0.5 + 0.5 * min(max(random, 0), 1))
    }

    private func isRetryable(_ outcome: Outcome, isIdempotent: Bool) -> Bool {
        switch outcome {
        case .answered(429, _): true
        case .answered(let status, _): isIdempotent && [408, 500, 502, 503, 504].contains(status)
        case .failed(let code, let wasSent):
            [.unreachable, .nameNotResolved, .timeout, .malformedAnswer].contains(code) && (isIdempotent || !wasSent)
        }
    }
}

extension RetryPolicy {
    init(_ configuration: ConnectionConfiguration) {
        self.init(
            maximumRetries: configuration.maximumRetries, base: configuration.retryBase, cap: configuration.retryCap,
            retryAfterLimit: configuration.retryAfterLimit)
    }
}
