import CouchDB
import Foundation
import Replication

/// The JSON form of a verification, schema `couchkeep/verification/1`.
struct VerificationResult: Encodable {
    struct AsOf: Encodable {
        var sequence: String
        var at: Date
    }

    struct Counts: Encodable {
        var equal: Int
        var missing: Int
        var extra: Int
        var otherLeaves: Int
        var bodyDiffers: Int
        var attachmentDiffers: Int

        init(_ counts: ComparisonCounts) {
            (equal, missing, extra) = (counts.equal, counts.missing, counts.extra)
            otherLeaves = counts.otherLeaves
            (bodyDiffers, attachmentDiffers) = (counts.bodyDiffers, counts.attachmentDiffers)
        }
    }

    /// What was done with the content; the share is the part's number, from 1 on, and of how many.
    struct Bodies: Encodable {
        var share: [Int]?
        var documents: Int
        var revisions: Int
        var bytes: Int
        var proved: Int
        var bodyProved: Int
        var notProvable: [String: Int]
        var damagedSource: Int
        var damagedTarget: Int
        var unreadable: Int

        init(_ report: BodyReport, share: BodyShare?) {
            if case .part(let part, let count) = share { self.share = [part + 1, count] }
            (documents, revisions) = (report.progress.compared, report.revisions)
            (bytes, unreadable) = (report.progress.bytes, report.unreadable)
            (proved, bodyProved) = (report.proofs.proved, report.proofs.bodyProved)
            notProvable = Dictionary(
                uniqueKeysWithValues: report.proofs.notProvable.map { ($0.key.rawValue, $0.value) })
            (damagedSource, damagedTarget) = (report.proofs.damagedSource, report.proofs.damagedTarget)
        }
    }

    /// A revision with other content, and which side's is not what the revision was made of.
    struct Content: Encodable {
        var revision: String
        var attachments: [String]
        var damaged: String?

        init(_ revision: DifferingRevision) {
            (self.revision, attachments) = (revision.revision.description, revision.attachments)
            damaged = revision.source == .damaged ? "source" : revision.target == .damaged ? "target" : nil
        }
    }

    struct Item: Encodable {
        var id: String
        var `class`: String
        var revisions: [String]
        var extraRevisions: [String]
        var content: [Content]?
        var reason: String?
        var explanation: String?

        init(_ difference: Difference) {
            (id, `class`) = (difference.id.text, difference.kind.rawValue)
            revisions = difference.onlyInSource.map(\.description)
            extraRevisions = difference.onlyInTarget.map(\.description)
            content = difference.revisions.isEmpty ? nil : difference.revisions.map(Content.init)
            (reason, explanation) = (difference.reason?.code.rawValue, difference.reason?.sentence)
        }
    }

    var schema = "couchkeep/verification/1"
    var result: String
    var level: String
    var code: String?
    var reason: String?
    var asOf: AsOf
    var counts: Counts
    var bodies: Bodies?
    var selfTest: String?
    var differences: [Item]
    var seconds: Double

    init(_ verification: Verification.Result) {
        (result, level, reason) = (verification.verdict.rawValue, verification.level.rawValue, verification.reason)
        code = verification.doubt?.rawValue
        asOf = AsOf(sequence: verification.sequence.parameter, at: verification.at)
        counts = Counts(verification.counts)
        bodies = verification.bodies.map { Bodies($0, share: verification.share) }
        selfTest = verification.passedSelfTest.map { $0 ? "passed" : "failed" }
        differences = verification.differences.map(Item.init)
        seconds = verification.elapsed / .seconds(1)
    }
}
