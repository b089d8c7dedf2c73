import CouchDB

/// Why a document differs, as far as the evidence says; a code that stays the same, and one sentence.
package struct DifferenceReason: Sendable, Hashable, Codable {
    package enum Code: String, Sendable, Hashable, Codable, CaseIterable {
        /// The target has refused the document.
        case refused
        /// The target has a `validate_doc_update`, which may have refused it.
        case mayBeRefused = "may-be-refused"
        /// The body is larger than the target takes.
        case tooLarge = "too-large"
        /// Only an admin of the target may write design documents.
        case designDocumentNotPermitted = "design-document-not-permitted"
        /// The replication does not copy the document.
        case filtered
        /// The replication has a filter, of which only the server can tell what it does with the document.
        case mayBeFiltered = "may-be-filtered"
        /// The target was set back behind a checkpoint of the replication.
        case lostByTargetRollback = "lost-by-target-rollback"
        /// The source tells of the purge.
        case purgedAtSource = "purged-at-source"
        /// The source was purged, and doesn't know the revision.
        case mayBePurgedAtSource = "may-be-purged-at-source"
        /// The target's revision branches off where the source has gone another way, or begins at the target.
        case strayWrite = "stray-write"
        /// The target's revision follows what is the source's newest.
        case aheadOfSource = "ahead-of-source"
        /// As before, and the source was set back behind a checkpoint of the replication.
        case sourceRolledBack = "source-rolled-back"
        /// The source's history of the document begins later than the revision.
        case historyCutOff = "history-cut-off"
        /// The source knows nothing of it, and was made after the target: it stands where another database stood.
        case olderThanSource = "older-than-source"
        /// The source's content is not what the revision was made of.
        case damagedInSource = "damaged-in-source"
        /// The target's content is not what the revision was made of.
        case damagedInTarget = "damaged-in-target"
    }

    package var code: Code
    /// One sentence for people.
    package var sentence: String

    package init(_ code: Code, _ sentence: String) { (self.code, self.sentence) = (code, sentence) }

    /// Says of a difference what the evidence supports; nil where that is nothing.
    package init?(_ difference: Difference, _ evidence: DifferenceEvidence) {
        let found =
            switch difference.kind {
            case .missing: Self.missing(difference, evidence)
            case .extra: Self.extra(difference, evidence)
            case .otherLeaves:
                difference.onlyInSource.isEmpty
                    ? Self.extra(difference, evidence)
                    : difference.onlyInTarget.isEmpty
                        ? Self.missing(difference, evidence)
                        : Self.missing(difference, evidence) ?? Self.extra(difference, evidence)
            case .bodyDiffers, .attachmentDiffers: Self.damaged(difference)
            }
        guard let found else { return nil }
        self = found
    }

    private static func missing(_ difference: Difference, _ evidence: DifferenceEvidence) -> DifferenceReason? {
        let target = evidence.target
        if let refusal = evidence.refusal {
            let validator = Self.validator(of: refusal, among: target.validating ?? [])
            return DifferenceReason(
                .refused, "The target has refused it\(validator): \(refusal.error): \(refusal.reason).")
        }
        if evidence.isFiltered == true {
            return DifferenceReason(.filtered, "The replication's list of ids or its selector leaves it out.")
        }
        if difference.id.isDesign, target.mayWriteDesignDocuments == false {
            return DifferenceReason(
                .designDocumentNotPermitted,
                "Only admins of the target may write design documents, and \(target.user ?? "the user") is none.")
        }
        if let size = evidence.bodySize, let limit = target.maximumDocumentSize, size > limit {
            return DifferenceReason(
                .tooLarge, "The body has \(size) bytes, and the target takes \(limit) (max_document_size).")
        }
        if let size = evidence.attachmentSize, let limit = target.maximumAttachmentSize, size > limit {
            return DifferenceReason(
                .tooLarge, "An attachment has \(size) bytes, and the target takes \(limit) (max_attachment_size).")
        }
        if evidence.rollback == .target {
            return DifferenceReason(
                .lostByTargetRollback,
                "The target's checkpoint is older than the source's copy of it: the target was set back, and the "
                    + "replication does not copy again what it had copied.")
        }
        if !evidence.filters.isEmpty {
            return DifferenceReason(
                .mayBeFiltered,
                "The replication copies only a part of the source (\(evidence.filters.joined(separator: ", "))), which may "
                    + "leave it out.")
        }
        if difference.id.isDesign, target.isOtherUser, target.mayWriteDesignDocuments == nil, let user = target.user {
            return DifferenceReason(
                .mayBeRefused,
                "Only admins of the target may write design documents, and nobody can tell from here whether \(user) is "
                    + "one, as whom the replication logs in.")
        }
        if let names = target.validating, !names.isEmpty, !difference.id.isDesign {
            return DifferenceReason(
                .mayBeRefused,
                "The target has a validate_doc_update in \(names.joined(separator: ", ")), which may refuse it; "
                    + "couchkeep repair tells what it says.")
        }
        return nil
    }

    /// Which `validate_doc_update` has refused a document, as far as that is known: CouchDB tells what it says, not its name.
    private static func validator(of refusal: Refusal, among validating: [String]) -> String {
        guard ["forbidden", "unauthorized"].contains(refusal.error), !refusal.id.isDesign else { return "" }
        return switch validating.count {
        case 0: ""
        case 1: " by the validate_doc_update of \(validating[0])"
        default: " by one of the validate_doc_update in \(validating.joined(separator: ", "))"
        }
    }

    private static func extra(_ difference: Difference, _ evidence: DifferenceEvidence) -> DifferenceReason? {
        // What is said of several leaves must hold for each of them.
        guard let lineage = evidence.lineage else { return nil }
        if lineage == .purged {
            return DifferenceReason(
                .purgedAtSource, "The source has purged it (_purged_infos); a purge is not replicated.")
        }
        // Before all that a source which was set back can't know any more: the target's copy may be the last one.
        if evidence.rollback == .source {
            return DifferenceReason(
                .sourceRolledBack,
                "The source has lost it: its copy of the checkpoint is older than the target's, so it was set back.")
        }
        if lineage == .followsLeaf {
            return DifferenceReason(
                .aheadOfSource,
                "It follows the source's newest revision: it was written at the target, or the source has lost it.")
        }
        if lineage == .branches {
            return DifferenceReason(
                .strayWrite,
                "It branches off a revision that the source has replaced otherwise: written at the target, or lost by a source "
                    + "that was set back."
            )
        }
        if evidence.isSourceYounger {
            return DifferenceReason(
                .olderThanSource,
                "The source was made after its backup: it may be of the database that stood there before.")
        }
        if case .beforeHistory(let generation) = lineage {
            return DifferenceReason(
                .historyCutOff,
                "The source's history of the document goes back only to generation \(generation) (_revs_limit): the target "
                    + "could not see that a later revision has replaced it, or it was written at the target.")
        }
        switch evidence.source.hasPurges {
        case true?:
            return DifferenceReason(
                .mayBePurgedAtSource, "The source does not know it and has purged documents; a purge is not replicated."
            )
        case false?:
            return DifferenceReason(
                .strayWrite,
                "The source has never purged anything and does not know it: written at the target, or lost by a source that "
                    + "was set back.")
        case nil: return nil
        }
    }

    private static func damaged(_ difference: Difference) -> DifferenceReason? {
        if difference.revisions.contains(where: { $0.target == .damaged }) {
            return DifferenceReason(.damagedInTarget, "The target's content is not what the revision was made of.")
        }
        if difference.revisions.contains(where: { $0.source == .damaged }) {
            return DifferenceReason(.damagedInSource, "The source's content is not what the revision was made of.")
        }
        return nil
    }
}
