import CouchDB
import Foundation
import Testing

@testable import Replication

/// Each reason is given where its evidence is there, and nothing is claimed without.
@Suite struct DifferenceReasonTests {
    private static let missing = Difference(id: "d", kind: .missing, onlyInSource: [.test(2, 2)])
    private static let design = Difference(id: "_design/d", kind: .missing, onlyInSource: [.test(1, 2)])
    private static let extra = Difference(id: "d", kind: .extra, onlyInTarget: [.test(2, 3)])

    private static func evidence(_ change: (inout DifferenceEvidence) -> Void) -> DifferenceEvidence {
        var evidence = DifferenceEvidence()
        change(&evidence)
        return evidence
    }

    /// The target was made some seconds before the source.
    private static func older(
        _ evidence: inout DifferenceEvidence, _ lineage: DifferenceEvidence.Lineage, hasPurges: Bool?,
        by seconds: Int = 1
    ) {
        (evidence.lineage, evidence.source.hasPurges) = (lineage, hasPurges)
        (evidence.source.madeAt, evidence.target.madeAt) = (1_795_000_000 + seconds, 1_795_000_000)
    }

    private static let refusal = Refusal(
        id: "d", revision: nil, stage: .storing, error: "forbidden", reason: "no vans")

    static let cases: [(Difference, DifferenceEvidence, DifferenceReason.Code?)] = [
        (missing, evidence { _ in }, nil),
        (missing, evidence { $0.refusal = refusal }, .refused),
        (missing, evidence { $0.target.validating = ["_design/v"] }, .mayBeRefused),
        (missing, evidence { $0.target.validating = [] }, nil),
        (design, evidence { $0.target.validating = ["_design/v"] }, nil),
        (design, evidence { $0.target.mayWriteDesignDocuments = false }, .designDocumentNotPermitted),
        (design, evidence { $0.target.mayWriteDesignDocuments = true }, nil),
        (missing, evidence { $0.target.mayWriteDesignDocuments = false }, nil),
        (design, evidence { ($0.target.isOtherUser, $0.target.user) = (true, "replicator") }, .mayBeRefused),
        (missing, evidence { ($0.target.isOtherUser, $0.target.user) = (true, "replicator") }, nil),
        (missing, evidence { ($0.bodySize, $0.target.maximumDocumentSize) = (101, 100) }, .tooLarge),
        (missing, evidence { ($0.bodySize, $0.target.maximumDocumentSize) = (100, 100) }, nil),
        (missing, evidence { $0.bodySize = 101 }, nil),
        (missing, evidence { ($0.attachmentSize, $0.target.maximumAttachmentSize) = (101, 100) }, .tooLarge),
        (missing, evidence { $0.isFiltered = true }, .filtered),
        (missing, evidence { $0.isFiltered = false }, nil),
        (missing, evidence { $0.filters = ["filter app/some"] }, .mayBeFiltered),
        (missing, evidence { ($0.filters, $0.isFiltered) = (["filter app/some"], true) }, .filtered),
        (extra, evidence { $0.filters = ["filter app/some"] }, nil),
        (missing, evidence { $0.rollback = .target }, .lostByTargetRollback),
        (missing, evidence { $0.rollback = .source }, nil),
        (missing, evidence { ($0.rollback, $0.refusal) = (.target, refusal) }, .refused),
        (extra, evidence { _ in }, nil),
        (extra, evidence { $0.lineage = .purged }, .purgedAtSource),
        (extra, evidence { $0.lineage = .branches }, .strayWrite),
        (extra, evidence { $0.lineage = .followsLeaf }, .aheadOfSource),
        (extra, evidence { ($0.lineage, $0.rollback) = (.followsLeaf, .source) }, .sourceRolledBack),
        (extra, evidence { $0.lineage = .unknown }, nil),
        (extra, evidence { ($0.lineage, $0.source.hasPurges) = (.unknown, true) }, .mayBePurgedAtSource),
        (extra, evidence { ($0.lineage, $0.source.hasPurges) = (.unknown, false) }, .strayWrite),
        (extra, evidence { $0.lineage = .beforeHistory(9) }, .historyCutOff),
        (extra, evidence { ($0.lineage, $0.rollback) = (.beforeHistory(9), .source) }, .sourceRolledBack),
        (extra, evidence { older(&$0, .beforeHistory(9), hasPurges: true) }, .olderThanSource),
        (extra, evidence { older(&$0, .unknown, hasPurges: false) }, .olderThanSource),
        (extra, evidence { older(&$0, .unknown, hasPurges: true) }, .olderThanSource),
        (extra, evidence { older(&$0, .unknown, hasPurges: nil) }, .olderThanSource),
        (extra, evidence { older(&$0, .unknown, hasPurges: false, by: 0) }, .strayWrite),
        (extra, evidence { older(&$0, .unknown, hasPurges: false, by: -1) }, .strayWrite),
        (extra, evidence { older(&$0, .branches, hasPurges: false) }, .strayWrite),
        (extra, evidence { older(&$0, .purged, hasPurges: true) }, .purgedAtSource),
        (extra, evidence { ($0.lineage, $0.rollback) = (.branches, .source) }, .sourceRolledBack),
        (extra, evidence { ($0.lineage, $0.rollback) = (.purged, .source) }, .purgedAtSource),
        (
            extra, evidence { ($0.lineage, $0.source.hasPurges, $0.rollback) = (.unknown, true, .source) },
            .sourceRolledBack
        ),
        (
            extra, evidence { ($0.lineage, $0.source.hasPurges, $0.rollback) = (.unknown, false, .source) },
            .sourceRolledBack
        ),
        (
            Difference(id: "d", kind: .otherLeaves, onlyInSource: [.test(3, 1)], onlyInTarget: [.test(3, 2)]),
            evidence { $0.lineage = .branches }, .strayWrite
        ),
        (
            Difference(id: "d", kind: .otherLeaves, onlyInTarget: [.test(3, 2)]),
            evidence { ($0.lineage, $0.isFiltered) = (.branches, true) }, .strayWrite
        ),
        (
            Difference(id: "d", kind: .otherLeaves, onlyInSource: [.test(3, 2)]),
            evidence { ($0.lineage, $0.isFiltered) = (.branches, true) }, .filtered
        ),
        (
            Difference(
                id: "d", revisions: [DifferingRevision(revision: .test(1, 1), source: .proved, target: .damaged)]),
            evidence { _ in }, .damagedInTarget
        ),
        (
            Difference(
                id: "d", revisions: [DifferingRevision(revision: .test(1, 1), source: .damaged, target: .proved)]),
            evidence { _ in }, .damagedInSource
        ),
        (
            Difference(
                id: "d",
                revisions: [
                    DifferingRevision(
                        revision: .test(1, 1), source: .notProvable(.otherHash), target: .notProvable(.otherHash))
                ]),
            evidence { $0.refusal = refusal }, nil
        ),
    ]

    @Test(arguments: cases.indices) func claimsWhatTheEvidenceSupports(_ index: Int) {
        let (difference, evidence, code) = Self.cases[index]
        let reason = DifferenceReason(difference, evidence)
        #expect(reason?.code == code)
        if let sentence = reason?.sentence { #expect(sentence.hasSuffix(".") && sentence.count < 250) }
    }

    @Test func namesWhatItKnows() {
        func sentence(_ change: (inout DifferenceEvidence) -> Void) -> String {
            DifferenceReason(Self.missing, Self.evidence(change))?.sentence ?? ""
        }
        #expect(sentence { $0.refusal = Self.refusal }.contains("forbidden: no vans"))
        #expect(sentence { $0.target.validating = ["_design/a", "_design/b"] }.contains("_design/a, _design/b"))
        #expect(sentence { ($0.bodySize, $0.target.maximumDocumentSize) = (101, 100) }.contains("101"))
    }

    /// Each code is stable, and each is reached by a case above.
    @Test func reachesEachCode() {
        let reached = Set(Self.cases.compactMap { DifferenceReason($0.0, $0.1)?.code })
        #expect(reached == Set(DifferenceReason.Code.allCases))
    }

    @Test func knowsWhereARevisionComesFrom() throws {
        let path = try #require(RevisionPath(start: 4, ids: [4, 3, 2, 1].map { RevisionID.test($0, $0).hash }))
        func lineage(
            known: Set<RevisionID>, leaves: Set<RevisionID>, purged: Set<RevisionID> = [], oldest: [Int] = []
        ) -> DifferenceEvidence.Lineage {
            DifferenceEvidence.lineage(of: path, known: known, leaves: leaves, purged: purged, oldest: oldest)
        }
        #expect(lineage(known: [.test(2, 2), .test(1, 1)], leaves: [.test(2, 2)]) == .followsLeaf)
        #expect(lineage(known: [.test(2, 2), .test(1, 1)], leaves: [.test(5, 9)]) == .branches)
        #expect(lineage(known: [.test(2, 2), .test(1, 1)], leaves: [.test(1, 1)]) == .branches)
        #expect(lineage(known: [], leaves: [.test(5, 9)]) == .unknown)
        #expect(lineage(known: [.test(1, 1)], leaves: [.test(1, 1)], purged: [.test(4, 4)]) == .purged)
        #expect(lineage(known: [], leaves: [], purged: [.test(3, 3)]) == .unknown)
        #expect(lineage(known: [], leaves: [.test(9, 9)], oldest: [4]) == .unknown, "it would know the revision")
        #expect(lineage(known: [], leaves: [.test(9, 9)], oldest: [8, 5, 1]) == .beforeHistory(5))
        #expect(lineage(known: [.test(1, 1)], leaves: [.test(9, 9)], oldest: [5]) == .branches)
    }

    @Test func tellsWhichSideWasSetBack() {
        func log(_ sessions: String...) -> JSONValue {
            .object(["history": .array(sessions.map { .object(["session_id": .string($0)]) })])
        }
        typealias Evidence = DifferenceEvidence
        #expect(Evidence.rollback(source: nil, target: nil) == nil)
        #expect(Evidence.rollback(source: log("b", "a"), target: log("b", "a")) == nil)
        #expect(Evidence.rollback(source: log("b", "a"), target: log("a")) == .target)
        #expect(Evidence.rollback(source: log("b", "a"), target: nil) == .target)
        #expect(Evidence.rollback(source: log("a"), target: log("b", "a")) == .source)
        #expect(Evidence.rollback(source: nil, target: log("a")) == .source)
        #expect(Evidence.rollback(source: log("x"), target: log("y")) == nil)
        // Within one session the checkpoints are written one after the other.
        func log(at sequence: JSONValue) -> JSONValue {
            .object(["history": [.object(["session_id": "a"])], "source_last_seq": sequence])
        }
        #expect(Evidence.rollback(source: log(at: "65-x"), target: log(at: "80-y")) == .source)
        #expect(Evidence.rollback(source: log(at: 90), target: log(at: 80)) == .target)
        #expect(Evidence.rollback(source: log(at: "80-x"), target: log(at: "80-y")) == nil)
        #expect(Evidence.rollback(source: log(at: "x"), target: log(at: 80)) == nil)
    }
}
