import Foundation
import Testing

@testable import CouchDB

@Suite struct RetryPolicyTests {
    let policy = RetryPolicy(
        maximumRetries: 3, base: .milliseconds(250), cap: .seconds(10), retryAfterLimit: .seconds(60))

    private func decision(
        _ outcome: RetryPolicy.Outcome, retries: Int = 0, isIdempotent: Bool = true, remaining: Duration = .seconds(100)
    ) -> RetryPolicy.Decision {
        policy.decision(
            after: outcome, retries: retries, isIdempotent: isIdempotent, random: 1, remaining: remaining)
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func repeatsIdempotentRequests(status: Int) {
        #expect(decision(.answered(status: status, retryAfter: nil)) == .retry(after: .milliseconds(250)))
    }

    @Test(arguments: [400, 401, 403, 404, 405, 409, 412, 413, 417, 501, 507])
    func acceptsFinalAnswers(status: Int) {
        #expect(decision(.answered(status: status, retryAfter: nil)) == .giveUp)
    }

    @Test func repeatsOthersOnlyWhenTheServerDidNothing() {
        #expect(decision(.answered(status: 500, retryAfter: nil), isIdempotent: false) == .giveUp)
        #expect(decision(.answered(status: 503, retryAfter: .seconds(1)), isIdempotent: false) == .giveUp)
        #expect(
            decision(.answered(status: 429, retryAfter: nil), isIdempotent: false)
                == .retry(after: .milliseconds(250)))
        #expect(decision(.failed(.unreachable, wasSent: true), isIdempotent: false) == .giveUp)
        #expect(
            decision(.failed(.unreachable, wasSent: false), isIdempotent: false) == .retry(after: .milliseconds(250)))
    }

    @Test(arguments: [CouchError.Code.unreachable, .nameNotResolved, .timeout, .malformedAnswer])
    func repeatsBrokenTries(code: CouchError.Code) {
        #expect(decision(.failed(code, wasSent: true)) == .retry(after: .milliseconds(250)))
    }

    @Test(arguments: [CouchError.Code.tls, .notCouchDB, .answerTooLarge, .invalidInput, .unauthorized])
    func acceptsWhatWillNotPass(code: CouchError.Code) {
        #expect(decision(.failed(code, wasSent: false)) == .giveUp)
    }

    @Test func doublesUpToTheCap() {
        #expect(policy.backOff(retries: 1, random: 1) == .milliseconds(500))
        #expect(policy.backOff(retries: 2, random: 1) == .seconds(1))
        #expect(policy.backOff(retries: 10, random: 1) == .seconds(10))
        #expect(policy.backOff(retries: 1000, random: 1) == .seconds(10))
        #expect(policy.backOff(retries: 2, random: 0) == .milliseconds(500))
        #expect(policy.backOff(retries: 2, random: 0.5) == .milliseconds(750))
    }

    @Test func endsAfterTheLastRetry() {
        #expect(decision(.answered(status: 503, retryAfter: nil), retries: 2) == .retry(after: .seconds(1)))
        #expect(decision(.answered(status: 503, retryAfter: nil), retries: 3) == .giveUp)
    }

    @Test func waitsAsLongAsTheServerAsks() {
        #expect(decision(.answered(status: 429, retryAfter: .seconds(7))) == .retry(after: .seconds(7)))
        #expect(decision(.answered(status: 503, retryAfter: .zero)) == .retry(after: .milliseconds(250)))
        #expect(decision(.answered(status: 429, retryAfter: .seconds(61))) == .giveUp)
    }

    @Test func endsWhereNoTimeIsLeft() {
        #expect(decision(.answered(status: 429, retryAfter: .seconds(7)), remaining: .seconds(7)) == .giveUp)
        #expect(decision(.failed(.timeout, wasSent: true), remaining: .seconds(-1)) == .giveUp)
    }

    @Test(
        arguments: [
            ("7", 7.0), (" 0 ", 0.0), ("Tue, 24 Nov 2026 08:00:30 GMT", 30.0), ("Tue, 24 Nov 2026 07:00:00 GMT", 0.0),
            ("-1", nil), ("soon", nil), ("", nil), (nil, nil),
        ] as [(String?, Double?)])
    func readsRetryAfter(header: String?, seconds: Double?) throws {
        let now = try #require(try? Date("2026-11-24T08:00:00Z", strategy: .iso8601))
        #expect(RetryAfter.duration(header: header, now: now) == seconds.map { .seconds($0) })
    }
}
