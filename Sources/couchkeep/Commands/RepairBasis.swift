import Replication
import Service

/// What a comparison has found that a repair goes by.
struct RepairBasis {
    var differences: [Difference]
    /// The documents that are equal.
    var equal: Int
    /// Why the comparison may not have seen all, since nodes were away then, in words; nil where it has.
    var hiding: String?
    /// Why it came to no verdict otherwise, in words; nil where it came to one, and where a target that is behind lacks what was
    /// named.
    var doubt: String?

    /// - Parameter differences: all that the verification has handed out.
    init(_ result: Verification.Result, _ differences: [Difference]) {
        (self.differences, equal, hiding) = (differences, result.counts.equal, result.away?.hiding)
        doubt = Self.doubt(result.verdict, result.doubt, result.reason, differences)
    }

    init(_ record: VerificationRecord, _ differences: [Difference]) {
        (self.differences, equal) = (differences, record.counts.equal)
        hiding = record.doubt == .nodesAway ? record.reason : nil
        doubt = Self.doubt(record.verdict, record.doubt, record.reason, differences)
    }

    private static func doubt(
        _ verdict: Verification.Verdict?, _ doubt: Verification.Doubt?, _ reason: String?,
        _ differences: [Difference]
    ) -> String? {
        guard verdict == nil || verdict == .unknown, doubt != .nodesAway else { return nil }
        if doubt == .backupBehind, differences.contains(where: { !$0.onlyInSource.isEmpty }) { return nil }
        return reason ?? "it did not come to its end"
    }
}
