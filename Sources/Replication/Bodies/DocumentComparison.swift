import CouchDB
import Foundation

/// How two documents of one revision compare, without the bytes of attachments.
enum DocumentComparison: Sendable, Hashable {
    case equal
    /// The bodies differ, or only one of them is a tombstone.
    case bodyDiffers
    /// The bodies are equal, and these attachments are not.
    case attachments([Doubt])

    /// An attachment that is not the same by what the documents say of it.
    struct Doubt: Sendable, Hashable {
        var name: String
        /// Whether the bytes may still be the same: a server that compresses has another digest of them.
        var mayBeEqual: Bool
    }

    /// What a comparison says, and what the content says of itself where it is equal.
    struct Outcome: Sendable, Hashable {
        var comparison: DocumentComparison
        var proof: RevisionProof
    }

    /// Compares the documents that two replicas have of a revision.
    ///
    /// - Throws: `CouchError` where one of them is another revision.
    static func compare(
        _ source: Data, _ target: Data, of wanted: WantedRevision
    ) throws(ReplicationFailure) -> Outcome {
        let left = try members(of: source, wanted, .source)
        // As a rule servers send the same bytes.
        if source == target { return Outcome(comparison: .equal, proof: proof(source, left)) }
        let right = try members(of: target, wanted, .target)
        guard left.isDeleted == right.isDeleted, haveEqualBodies(source, target) else {
            return Outcome(comparison: .bodyDiffers, proof: proof(source, left))
        }
        let doubts = doubts(left.attachments, right.attachments)
        var proof = proof(source, left)
        // The target may still know a parent that the source has forgotten.
        if proof == .notProvable(.parentUnknown) { proof = Self.proof(target, right) }
        return Outcome(comparison: doubts.isEmpty ? .equal : .attachments(doubts), proof: proof)
    }

    private static func proof(_ document: Data, _ members: DocumentMembers) -> RevisionProof {
        guard let path = members.path else { return .notProvable(.parentUnknown) }
        return RevisionProof(
            of: document, path: path, isDeleted: members.isDeleted, attachments: members.attachments)
    }

    private static func members(
        of document: Data, _ wanted: WantedRevision, _ side: ReplicationFailure.Side
    ) throws(ReplicationFailure) -> DocumentMembers {
        let members: DocumentMembers
        do {
            members = try DocumentMembers(of: document)
            guard DocumentID(members.id) == wanted.id, try members.revisionPath().leaf == wanted.revision else {
                throw CouchError(
                    .malformedAnswer, "the answer for \(wanted.revision) of “\(wanted.id)” is another document")
            }
        } catch {
            throw ReplicationFailure(side: side, underlying: error, counts: ReplicationCounts())
        }
        return members
    }

    private static func haveEqualBodies(_ source: Data, _ target: Data) -> Bool {
        do {
            return try DocumentFingerprint(of: source) == DocumentFingerprint(of: target)
        } catch {
            // One of them holds what no CouchDB holds, and they are not the same bytes.
            return false
        }
    }

    private static func doubts(_ source: [AttachmentMember], _ target: [AttachmentMember]) -> [Doubt] {
        // By bytes: Swift takes two spellings of one accented letter for equal.
        let left = Dictionary(source.map { (DocumentID($0.name), $0) }, uniquingKeysWith: { $1 })
        let right = Dictionary(target.map { (DocumentID($0.name), $0) }, uniquingKeysWith: { $1 })
        return Set(left.keys).union(right.keys).sorted().compactMap { name in
            guard let one = left[name], let other = right[name] else {
                return Doubt(name: name.text, mayBeEqual: false)
            }
            if let length = one.length, let otherLength = other.length, length != otherLength {
                return Doubt(name: name.text, mayBeEqual: false)
            }
            guard (one.contentType ?? "").utf8.elementsEqual((other.contentType ?? "").utf8) else {
                return Doubt(name: name.text, mayBeEqual: false)
            }
            let isEqual = one.digest != nil && one.digest == other.digest
            return isEqual ? nil : Doubt(name: name.text, mayBeEqual: true)
        }
    }
}
