import CouchDB
import Foundation
import Replication
import Service
import Supervision

/// Prints how a verification has ended.
struct VerificationPrinter {
    let source: String
    let target: String

    /// A screen of text, the first twenty differences on it.
    func text(_ result: Verification.Result, onTheirWay: Int) {
        let counts = result.counts
        let time = DurationWords.text(result.elapsed / .seconds(1))
        switch result.verdict {
        case .equal:
            Console.out(
                "EQUAL: \(Wording.documents(counts.equal)) of \(source) and \(target), level \(result.level.rawValue), \(time)"
            )
        case .different:
            Console.out("DIFFERENT: \(source) and \(target), level \(result.level.rawValue), \(time)")
        case .unknown:
            Console.out("UNKNOWN: \(source) and \(target), level \(result.level.rawValue), \(time)")
        }
        if let reason = result.reason { Console.out("  \(reason)") }
        Console.out("  as of \(result.at.formatted(.iso8601)), source sequence \(result.sequence)")
        if onTheirWay > 0 {
            Console.out("  \(Wording.documents(onTheirWay)) changed behind that sequence, for the next backup to bring")
        }
        if let bodies = result.bodies { text(bodies, share: result.share ?? .all) }
        if let passed = result.passedSelfTest { Console.out("  self-test \(passed ? "passed" : "FAILED")") }
        if result.hasEqualSecurity == false { Self.securityDiffers() }
        if result.hasEqualPartitioning == false { Console.out("  \(Self.partitioningDiffers)") }
        guard !counts.isEqual else { return }
        var words = "equal \(counts.equal), missing \(counts.missing), extra \(counts.extra)"
        words += ", other leaves \(counts.otherLeaves)"
        if result.level == .bodies {
            words += ", body differs \(counts.bodyDiffers), attachment differs \(counts.attachmentDiffers)"
        }
        Console.out("  \(words)")
        for difference in result.differences.prefix(20) {
            Self.show(VerificationDifference(difference))
        }
        if counts.different > 20, !result.differences.isEmpty {
            Console.out("  and \(counts.different - 20) more; --json or --output FILE lists them")
        }
    }

    static func securityDiffers() {
        Console.out("  _security differs: who may read and write is not the same on both sides")
    }

    /// What the documents don't show.
    static let partitioningDiffers = "only one side is partitioned: couchkeep explain \(PartitioningDiffers.name)"

    /// One JSON object.
    func json(_ result: Verification.Result, onTheirWay: Int) throws {
        var printed = VerificationResult(result)
        printed.onTheirWay = onTheirWay
        try Console.json(printed)
    }

    /// What was compared and proved.
    private func text(_ bodies: BodyReport, share: BodyShare) {
        let (proofs, progress) = (bodies.proofs, bodies.progress)
        var words = "\(Wording.bodies(bodies.revisions)) of \(Wording.documents(progress.compared)) compared"
        if case .part(let part, let count) = share { words += ", share \(part + 1) of \(count)" }
        Console.out("  \(words), \(ByteText.text(progress.bytes))")
        words = "\(proofs.proved) proved by their own revisions"
        if proofs.bodyProved > 0 { words += ", \(proofs.bodyProved) but for their attachments" }
        words += ", \(proofs.unproved) not provable"
        if proofs.damagedSource > 0 { words += ", \(proofs.damagedSource) damaged in the source" }
        if proofs.damagedTarget > 0 { words += ", \(proofs.damagedTarget) damaged in the target" }
        if bodies.unreadable > 0 { words += ", \(bodies.unreadable) could not be read" }
        Console.out("  \(words)")
    }

    /// A difference, and why where that is known.
    static func show(_ difference: VerificationDifference) {
        let content = (difference.content ?? []).map { content in
            content.damaged.map { "\(content.revision) (damaged in the \($0))" } ?? content.revision
        }
        let revisions = difference.revisions.isEmpty ? difference.extraRevisions : difference.revisions
        let kind = difference.class.rawValue.padding(toLength: 18, withPad: " ", startingAt: 0)
        Console.out(
            "  \(kind) \(LineText.escaped("\(difference.id)"))  \((content + revisions).joined(separator: " "))")
        if let explanation = difference.explanation { Console.out("      \(explanation)") }
    }
}
