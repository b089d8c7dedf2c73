import CouchDB
import Foundation
import Replication
import Service
import Supervision

extension VerificationPrinter {
    /// A screen about a pair's verification, the first differences on it.
    func text(_ record: VerificationRecord, _ differences: [VerificationDifference], shown: Int = 20) {
        Console.out("\(Self.headline(record))  \(source) and \(target), \(Self.facts(record))")
        if let reason = record.reason { Console.out("  \(reason)") }
        if let at = record.asOf, let sequence = record.sequence {
            Console.out("  as of \(at.formatted(.iso8601)), source sequence \(sequence)")
        }
        if record.onTheirWay > 0 {
            Console.out("  \(Wording.documents(record.onTheirWay)) changed behind that sequence and on the way")
        }
        if let bodies = record.bodies {
            Console.out(
                "  \(Wording.bodies(bodies.revisions)) of \(Wording.documents(bodies.documents)) compared, \(ByteText.text(bodies.bytes)), "
                    + "\(bodies.proved) proved by their own revisions")
        }
        if let passed = record.passedSelfTest { Console.out("  self-test \(passed ? "passed" : "FAILED")") }
        if record.hasEqualSecurity == false { Self.securityDiffers() }
        if record.hasEqualPartitioning == false { Console.out("  \(Self.partitioningDiffers)") }
        let counts = record.counts
        guard counts.different > 0 else { return }
        Console.out("  \(Self.words(counts))")
        for difference in differences.prefix(shown) { Self.show(difference) }
        let more = counts.different - min(shown, differences.count)
        if more > 0 {
            Console.out("  and \(Wording.number(more)) more\(record.file.map { ", all of them in \($0)" } ?? "")")
        }
        if let remedy = DifferenceRemedy(record) {
            // A pair on servers may share the name.
            let name = VaultPair.backup(of: record.target) == nil ? record.pair : record.target
            Console.out("next: \(remedy.command(for: name, isDryRun: true))")
        }
    }

    /// One line for a pair among others.
    func line(_ record: VerificationRecord) {
        var text = "\(Self.headline(record))  \(record.pair)  \(source) and \(target), \(Self.facts(record))"
        if record.counts.different > 0 { text += ", \(Self.words(record.counts))" }
        if let reason = record.reason { text += ": \(reason)" }
        if record.hasEqualPartitioning == false { text += "; \(Self.partitioningDiffers)" }
        Console.out(text)
    }

    /// The verifications, a line each.
    static func table(_ records: [VerificationRecord], shown: Int) -> String {
        guard !records.isEmpty else { return "no verification is remembered" }
        var rows = [
            ["NUMBER", "STARTED", "PAIR", "BACKUP", "LEVEL", "STATE", "RESULT", "DIFFERENT", "TIME", "WANTED BY"]
        ]
        rows += records.prefix(shown).map { record in
            [
                "\(record.id)", record.startedAt.formatted(.iso8601), record.pair, record.target,
                level(record), record.state.rawValue, record.verdict?.rawValue ?? progress(record),
                Wording.number(record.counts.different), DurationWords.text(record.seconds), record.reasonToRun,
            ]
        }
        let hidden = records.count - min(shown, records.count)
        return TextTable(rows).render() + (hidden > 0 ? "\n  and \(hidden) more; --all lists them" : "")
    }

    private static func progress(_ record: VerificationRecord) -> String {
        guard record.expectedRows > 0 else { return "-" }
        return "\(Wording.number(record.rows)) of \(Wording.number(record.expectedRows)) rows"
    }

    private static func headline(_ record: VerificationRecord) -> String {
        record.verdict?.rawValue.uppercased() ?? record.state.rawValue.uppercased()
    }

    private static func facts(_ record: VerificationRecord) -> String {
        let changed = record.since.map { " changed since \($0.formatted(.iso8601)), when all were compared" } ?? ""
        let documents = record.verdict == .equal ? "\(Wording.documents(record.counts.equal))\(changed), " : ""
        return "\(documents)level \(level(record)), \(DurationWords.text(record.seconds))"
    }

    private static func level(_ record: VerificationRecord) -> String {
        guard case .part(let part, let count) = record.share else { return record.level.rawValue }
        return "\(record.level.rawValue) (\(part + 1) of \(count))"
    }

    private static func words(_ counts: ComparisonCounts) -> String {
        var text =
            "equal \(counts.equal), missing \(counts.missing), extra \(counts.extra), other leaves \(counts.otherLeaves)"
        if counts.bodyDiffers > 0 { text += ", body differs \(counts.bodyDiffers)" }
        if counts.attachmentDiffers > 0 { text += ", attachment differs \(counts.attachmentDiffers)" }
        return text
    }
}
