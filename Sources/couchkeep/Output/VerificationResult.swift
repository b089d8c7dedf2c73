import CouchDB
import Foundation
import Replication
import Service

/// The JSON form of a verification, schema `couchkeep/verification/1`.
struct VerificationResult: Encodable {
    struct AsOf: Encodable {
        var sequence: String
        var at: Date
    }

    /// What is remembered of a pair's verification.
    struct Summary: Encodable {
        var id: Int
        var pair: String
        var source: String
        var target: String
        var state: String
        var level: String
        var share: [Int]?
        var requestedBy: String
        var started: Date
        var ended: Date?
        var result: String?
        var reason: String?
        var asOf: AsOf?
        var counts: ComparisonCounts
        var onTheirWay: Int
        var selfTest: String?
        var seconds: Double
        var rows: Int
        var expectedRows: Int
        var file: String?
        var since: Date?

        init(_ record: VerificationRecord) {
            (id, pair, source, target) = (record.id, record.pair, record.source, record.target)
            (state, level, requestedBy) = (record.state.rawValue, record.level.rawValue, record.reasonToRun)
            if case .part(let part, let count) = record.share { share = [part + 1, count] }
            (started, ended) = (record.startedAt, record.endedAt)
            (result, reason) = (record.verdict?.rawValue, record.reason)
            if let sequence = record.sequence, let at = record.asOf { asOf = AsOf(sequence: sequence, at: at) }
            (counts, onTheirWay, seconds) = (record.counts, record.onTheirWay, record.seconds)
            selfTest = record.passedSelfTest.map { $0 ? "passed" : "failed" }
            (rows, expectedRows, file) = (record.rows, record.expectedRows, record.file)
            since = record.since
        }
    }

    var schema = VerifyRunCommand.schema
    var result: String
    var level: String
    var code: String?
    var reason: String?
    var asOf: AsOf?
    var counts: ComparisonCounts
    /// Documents that were changed at the source behind `asOf`; nothing is said of them.
    var onTheirWay = 0
    var bodies: VerificationRecord.Bodies?
    var selfTest: String?
    /// Whether `_security` is `equal` or `different`; none where it was not compared.
    var security: String?
    /// Whether both sides are partitioned, or neither is: `equal` or `different`; none where one is no server's database.
    var partitioning: String?
    var differences: [VerificationDifference]
    var seconds: Double
    /// What is remembered; none where two databases were named.
    var verification: Summary?

    init(_ verification: Verification.Result) {
        (result, level, reason) = (verification.verdict.rawValue, verification.level.rawValue, verification.reason)
        code = verification.doubt?.rawValue
        asOf = AsOf(sequence: verification.sequence.parameter, at: verification.at)
        counts = verification.counts
        bodies = verification.bodies.map { VerificationRecord.Bodies($0, share: verification.share) }
        selfTest = verification.passedSelfTest.map { $0 ? "passed" : "failed" }
        security = verification.hasEqualSecurity.map(Self.word)
        partitioning = verification.hasEqualPartitioning.map(Self.word)
        differences = verification.differences.map(VerificationDifference.init)
        seconds = verification.elapsed / .seconds(1)
    }

    /// A verification of a pair; one without a verdict counts as unknown.
    init(_ record: VerificationRecord, _ differences: [VerificationDifference]) {
        let summary = Summary(record)
        result = summary.result ?? Verification.Verdict.unknown.rawValue
        (level, code, reason) = (summary.level, record.doubt?.rawValue, record.reason)
        (asOf, counts, bodies, seconds) = (summary.asOf, record.counts, record.bodies, record.seconds)
        onTheirWay = record.onTheirWay
        (selfTest, self.differences, verification) = (summary.selfTest, differences, summary)
        security = record.hasEqualSecurity.map(Self.word)
        partitioning = record.hasEqualPartitioning.map(Self.word)
    }

    private static func word(_ isEqual: Bool) -> String {
        (isEqual ? Verification.Verdict.equal : .different).rawValue
    }
}
