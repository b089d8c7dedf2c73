import CouchDB

/// A revision that two replicas have with other content.
package struct DifferingRevision: Sendable, Hashable, Codable {
    package var revision: RevisionID
    /// The attachments that differ; none where the bodies do.
    package var attachments: [String]
    /// What the source's content says of itself.
    package var source: RevisionProof
    /// What the target's content says of itself.
    package var target: RevisionProof

    package init(revision: RevisionID, attachments: [String] = [], source: RevisionProof, target: RevisionProof) {
        (self.revision, self.attachments) = (revision, attachments)
        (self.source, self.target) = (source, target)
    }
}

extension Difference {
    /// A document of which these revisions differ in their content.
    package init(id: DocumentID, revisions: [DifferingRevision]) {
        self.init(
            id: id, kind: revisions.allSatisfy { !$0.attachments.isEmpty } ? .attachmentDiffers : .bodyDiffers)
        self.revisions = revisions
    }
}
