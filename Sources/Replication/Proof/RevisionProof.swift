import CouchDB
import Foundation

/// What a revision's content says of itself: whether its own identity was computed of it.
///
/// A revision's identity is a hash of the content by its author's server (see `RevisionTerm`). So content can be proved
/// against it, without trust in the replica that holds it. What can't be proved is not thereby wrong: CouchDB takes any
/// identity from a replicator, PouchDB, Couchbase and 1.x compute it in their own ways, also with 32 digits, and nobody can
/// tell theirs from the one that a flipped bit leaves without its content. It takes a second witness to call content
/// damaged: other content of the same revision that is proved, or the memory that this one was proved once.
package enum RevisionProof: Sendable, Hashable, Codable {
    /// The identity is the hash of this content.
    case proved
    /// The identity is the hash of this body; the attachments are not covered by it, as where a deleted document was
    /// written again (`RevisionTerm.Coverage`).
    case bodyProved
    /// The identity is the hash of other content.
    case damaged
    /// Neither can be said.
    case notProvable(Reason)

    /// Why content can't be proved.
    package enum Reason: String, Sendable, Hashable, Codable {
        /// The identity is not of the form that CouchDB computes.
        case foreignIdentity
        /// The parent, which the hash covers, is not in the history any more (`_revs_limit`), or was not told.
        case parentUnknown
        /// An attachment has no MD5, or no type; then CouchDB gives random identities.
        case attachmentUnknown
        /// The document holds what no CouchDB holds, such as a number beyond 64-bit floating point.
        case foreignContent
        /// The hash is another: another program made the identity, or the content is damaged.
        case otherHash
    }

    /// Judges a revision by itself; never damaged, unless it is known that it was proved before.
    ///
    /// - Parameter wasProved: whether the same revision was once proved where it is now.
    package init(of revision: Revision, wasProved: Bool = false) {
        let own = Self.judge(revision)
        // What is not known any more, such as a parent, is no sign of damage.
        let contradicts = own == .notProvable(.otherHash) || own == .notProvable(.foreignContent)
        self = wasProved && contradicts ? .damaged : own
    }

    /// Judges two contents of one revision that are known to differ.
    ///
    /// Where one of them is proved, the identity was made of that one, and the other is damaged.
    ///
    /// - Parameter inBody: whether they differ in more than their attachments.
    package static func judge(
        _ left: Revision, butDiffering right: Revision, inBody: Bool
    ) -> (left: RevisionProof, right: RevisionProof) {
        let (first, second) = (judge(left), judge(right))
        func isWitness(_ proof: RevisionProof) -> Bool { proof == .proved || (proof == .bodyProved && inBody) }
        return switch (isWitness(first), isWitness(second)) {
        case (true, false): (first, .damaged)
        case (false, true): (.damaged, second)
        // Two witnesses where they differ in what no hash covers.
        default: (first, second)
        }
    }

    /// Judges a document by itself, from what it says of its attachments.
    package init(of document: Data, path: RevisionPath, isDeleted: Bool, attachments: [AttachmentMember]) {
        self = Self.judge(document, path, isDeleted, attachments)
    }

    private static func judge(_ revision: Revision) -> RevisionProof {
        judge(revision.document, revision.path, revision.isDeleted, revision.attachments.map(\.member))
    }

    private static func judge(
        _ document: Data, _ path: RevisionPath, _ isDeleted: Bool, _ members: [AttachmentMember]
    ) -> RevisionProof {
        let (revision, history) = (path.leaf, path.revisions)
        guard revision.digest != nil else { return .notProvable(.foreignIdentity) }
        guard revision.generation == 1 || history.count > 1 else { return .notProvable(.parentUnknown) }
        let attachments = members.compactMap { RevisionTerm.Attachment($0) }
        guard attachments.count == members.count else { return .notProvable(.attachmentUnknown) }
        do {
            let term = try RevisionTerm(
                of: document, parent: history.count > 1 ? history[1] : nil, isDeleted: isDeleted,
                attachments: attachments)
            return switch term.coverage(of: revision) {
            case .everything: .proved
            case .allButAttachments: .bodyProved
            case nil: .notProvable(.otherHash)
            }
        } catch {
            return .notProvable(.foreignContent)
        }
    }
}
