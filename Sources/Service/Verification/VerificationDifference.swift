import CouchDB
import Foundation
import Replication

/// A difference as it is kept and shown.
package struct VerificationDifference: Sendable, Hashable, Codable {
    /// A revision with other content, and which side's is not what the revision was made of.
    package struct Content: Sendable, Hashable, Codable {
        package var revision: String
        package var attachments: [String]
        package var damaged: String?

        init(_ revision: DifferingRevision) {
            (self.revision, attachments) = (revision.revision.description, revision.attachments)
            damaged = revision.source == .damaged ? "source" : revision.target == .damaged ? "target" : nil
        }
    }

    package var id: String
    package var `class`: Difference.Class
    /// The leaf revisions that only the source has.
    package var revisions: [String]
    /// The leaf revisions that only the target has.
    package var extraRevisions: [String]
    package var content: [Content]?
    /// Why, as a word that stays the same, and as a sentence; where that could be found.
    package var reason: String?
    package var explanation: String?

    package init(_ difference: Difference) {
        (id, `class`) = (difference.id.text, difference.kind)
        revisions = difference.onlyInSource.map(\.description)
        extraRevisions = difference.onlyInTarget.map(\.description)
        content = difference.revisions.isEmpty ? nil : difference.revisions.map(Content.init)
        (reason, explanation) = (difference.reason?.code.rawValue, difference.reason?.sentence)
    }

    /// The revisions that one side lacks, as a repair wants them; what differs in content is not repaired by copying.
    ///
    /// - Throws: `CouchError` where a revision is none.
    package var difference: Difference {
        get throws {
            func parsed(_ texts: [String]) throws -> [RevisionID] {
                try texts.map { text in
                    guard let revision = RevisionID(text) else {
                        throw CouchError(.malformedAnswer, "“\(text)” of the document “\(id)” is no revision")
                    }
                    return revision
                }
            }
            var difference = Difference(
                id: DocumentID(id), kind: `class`, onlyInSource: try parsed(revisions),
                onlyInTarget: try parsed(extraRevisions))
            // It decides over what may be removed.
            if let code = reason.flatMap(DifferenceReason.Code.init(rawValue:)), let explanation {
                difference.reason = DifferenceReason(code, explanation)
            }
            return difference
        }
    }
}
