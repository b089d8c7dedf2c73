import Foundation
import Replication
import Testing

@testable import Service

/// What helps against a difference is named, and nothing that would change nothing.
@Suite struct DifferenceRemedyTests {
    private func record(
        _ counts: ComparisonCounts, target: String = "http://b:5984/orders", level: Verification.Level = .revisions,
        verdict: Verification.Verdict = .different
    ) -> VerificationRecord {
        var record = VerificationRecord(
            pair: "orders", source: "http://a:5984/orders", target: target, level: level, reasonToRun: "asked",
            startedAt: Date(timeIntervalSince1970: 1_795_507_200))
        (record.verdict, record.counts) = (verdict, counts)
        return record
    }

    @Test("What only the target has is removed, and what it lacks is copied first")
    func remedies() {
        var edited = ComparisonCounts(equal: 2, otherLeaves: 1)
        edited.overwrittenLeaves = 1
        #expect(DifferenceRemedy(record(edited)) == .removing)
        #expect(DifferenceRemedy(record(ComparisonCounts(extra: 2))) == .removing)
        #expect(DifferenceRemedy(record(ComparisonCounts(missing: 1, extra: 2))) == .copying)
        #expect(DifferenceRemedy(record(ComparisonCounts(otherLeaves: 1))) == .copying)
        #expect(DifferenceRemedy(record(ComparisonCounts(equal: 2), verdict: .equal)) == nil)
        // Of these nobody knows that nothing is missing.
        #expect(DifferenceRemedy(record(ComparisonCounts(extra: 2), level: .counts)) == nil)
        #expect(DifferenceRemedy(record(ComparisonCounts(extra: 2), verdict: .unknown)) == nil)
        // Nothing is removed from the vault.
        #expect(DifferenceRemedy(record(ComparisonCounts(extra: 2), target: "vault:orders")) == nil)
        edited.bodyDiffers = 1
        #expect(DifferenceRemedy(record(edited)) == nil, "content that differs is copied by no repair")
    }

    @Test("A removal is shown before it is done")
    func commands() {
        #expect(DifferenceRemedy.copying.command(for: "a$b") == "couchkeep repair 'a$b'")
        #expect(DifferenceRemedy.copying.command(for: "orders", isDryRun: true) == "couchkeep repair orders --dry-run")
        for isDryRun in [false, true] {
            let command = DifferenceRemedy.removing.command(for: "orders", isDryRun: isDryRun)
            #expect(command == "couchkeep repair orders --remove-extra --dry-run")
        }
    }

    @Test("A repair that leaves what only the target has says what removes it")
    func texts() {
        func text(_ lacking: Int, _ extra: Int, removes: Bool = false, can: Bool = true) -> RepairText {
            RepairText(lacking: lacking, extra: extra, removesExtra: removes, canRemove: can)
        }
        let one = "1 document has revisions that only the target has"
        let two = "2 documents have revisions that only the target has"
        #expect(text(0, 0).ofExtra == nil)
        #expect(text(0, 1).ofExtra == "\(one); they stay; --remove-extra removes them")
        #expect(text(3, 2).ofExtra == "\(two); they stay; --remove-extra removes them")
        #expect(text(0, 2, removes: true).ofExtra == two)
        #expect(text(0, 1, removes: true, can: false).ofExtra == "\(one); they stay")
        for nothing in [text(0, 1), text(0, 1, removes: true)] {
            #expect(nothing.endOfDryRun(removed: 0) == "Nothing was changed, and there is nothing to copy.")
        }
        for (doing, removed) in [(text(1, 0), 0), (text(1, 1), 0), (text(0, 1, removes: true), 1)] {
            #expect(doing.endOfDryRun(removed: removed) == "Nothing was changed. Without --dry-run it is done.")
        }
    }
}
