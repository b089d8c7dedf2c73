import CouchDB
import Crypto
import Foundation

/// Looks at one revision again that seemed to differ: both replicas hand it out whole, with its history and attachments.
struct SecondLook: Sendable {
    enum Outcome: Sendable {
        case equal(RevisionProof)
        case differs(DifferingRevision)
        /// One side doesn't hand it out any more.
        case unavailable(ReplicationFailure.Side, Refusal)
    }

    let source: RevisionReader
    let target: RevisionReader

    func look(at wanted: WantedRevision) async throws -> Outcome {
        async let first = source.revision(wanted)
        async let second = target.revision(wanted)
        let (left, right): (Revision, Revision)
        switch try await (first, second) {
        case (.success(let one), .success(let other)): (left, right) = (one, other)
        case (.failure(let refusal), _): return .unavailable(.source, refusal.refusal)
        case (_, .failure(let refusal)): return .unavailable(.target, refusal.refusal)
        }
        if let refusal = try await source.replica.damage(in: left) { return .unavailable(.source, refusal) }
        if let refusal = try await target.replica.damage(in: right) { return .unavailable(.target, refusal) }
        let outcome = try DocumentComparison.compare(left.document, right.document, of: wanted)
        switch outcome.comparison {
        case .equal: return .equal(outcome.proof)
        case .bodyDiffers:
            let proofs = RevisionProof.judge(left, butDiffering: right, inBody: true)
            return .differs(
                DifferingRevision(revision: wanted.revision, source: proofs.left, target: proofs.right))
        case .attachments(let doubts):
            var differing: [String] = []
            for doubt in doubts where try await !areEqual(doubt, left, right) { differing.append(doubt.name) }
            guard !differing.isEmpty else { return .equal(outcome.proof) }
            let proofs = RevisionProof.judge(left, butDiffering: right, inBody: false)
            return .differs(
                DifferingRevision(
                    revision: wanted.revision, attachments: differing, source: proofs.left, target: proofs.right))
        }
    }

    private func areEqual(_ doubt: DocumentComparison.Doubt, _ left: Revision, _ right: Revision) async throws -> Bool {
        guard doubt.mayBeEqual, let one = left.attachment(doubt.name), let other = right.attachment(doubt.name)
        else { return false }
        guard let digest = try await Self.digest(of: one) else { return false }
        return try await Self.digest(of: other) == digest
    }

    /// A hash of the decoded bytes; nil where they can't be decoded.
    private static func digest(of attachment: Attachment) async throws -> SHA256Digest? {
        var hash = SHA256()
        do {
            var pieces = try AttachmentPieces(of: attachment, isDecoded: true)
            while let piece = try await pieces.next() { hash.update(data: piece) }
        } catch let error as CouchError where error.code == .malformedAnswer {
            return nil
        }
        return hash.finalize()
    }
}

extension Revision {
    fileprivate func attachment(_ name: String) -> Attachment? {
        attachments.last { $0.member.name.utf8.elementsEqual(name.utf8) }
    }
}
