import CouchDB
import Foundation
import Replication

/// What of a document its leaf's row tells already: `_id`, `_rev` and `_revisions`, which are cut out and put back.
///
/// They are a fifth of a small document, and hardly any smaller when compressed. It is done where the document is, byte for
/// byte, what putting them back makes; another one is stored whole.
struct DocumentTrim: Hashable, Sendable {
    /// How many revisions the document's `_revisions` has; its leaf's history can be longer.
    let revisions: Int
    /// Whether `_attachments` follow `_revisions`; nothing does where not.
    let hasAttachments: Bool

    /// The number in the vault's file: of the revisions, negative where attachments follow.
    var number: Int { hasAttachments ? -revisions : revisions }

    init?(number: Int) {
        guard number != 0, number != .min else { return nil }
        (revisions, hasAttachments) = (abs(number), number < 0)
    }

    private init(revisions: Int, hasAttachments: Bool) {
        (self.revisions, self.hasAttachments) = (revisions, hasAttachments)
    }

    /// The document without what its leaf tells; nil where it isn't written as CouchDB writes it.
    static func cut(_ document: Data, id: DocumentID, path: RevisionPath) -> (trim: DocumentTrim, rest: Data)? {
        let (head, history) = (head(id, path), history(path.revisions[...]))
        guard document.count >= head.count + history.count + 1, document.starts(with: head) else { return nil }
        let end = document.endIndex - 1
        if document[..<end].suffix(history.count).elementsEqual(history) {
            let rest = document[(document.startIndex + head.count)..<(end - history.count)] + document[end...]
            return (DocumentTrim(revisions: path.revisions.count, hasAttachments: false), rest)
        }
        guard let place = document.range(of: attachments, options: .backwards)?.lowerBound,
            document[..<place].suffix(history.count).elementsEqual(history),
            place - history.count >= document.startIndex + head.count
        else { return nil }
        let rest = document[(document.startIndex + head.count)..<(place - history.count)] + document[place...]
        let trim = DocumentTrim(revisions: path.revisions.count, hasAttachments: true)
        // What comes behind could hold the same words.
        guard trim.restored(rest, id: id, path: path) == document else { return nil }
        return (trim, rest)
    }

    /// The whole document; nil where the rest can't be one of such a document.
    func restored(_ rest: Data, id: DocumentID, path: RevisionPath) -> Data? {
        guard path.revisions.count >= revisions, !rest.isEmpty else { return nil }
        let place =
            hasAttachments ? rest.range(of: Self.attachments, options: .backwards)?.lowerBound : rest.endIndex - 1
        guard let place else { return nil }
        let (head, history) = (Self.head(id, path), Self.history(path.revisions.prefix(revisions)))
        var document = Data(capacity: head.count + rest.count + history.count)
        document.append(contentsOf: head)
        document.append(rest[..<place])
        document.append(contentsOf: history)
        document.append(rest[place...])
        return document
    }

    private static let attachments = Data(#","_attachments":{"#.utf8)

    private static func head(_ id: DocumentID, _ path: RevisionPath) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(id.text.utf8.count + 64)
        head.append(contentsOf: #"{"_id":""#.utf8)
        // An id that needs escapes is written otherwise, and its document stored whole.
        head.append(contentsOf: id.text.utf8)
        head.append(contentsOf: #"","_rev":""#.utf8)
        head.append(contentsOf: path.leaf.description.utf8)
        head.append(UInt8(ascii: "\""))
        return head
    }

    private static func history(_ revisions: ArraySlice<RevisionID>) -> [UInt8] {
        var history: [UInt8] = []
        history.reserveCapacity(48 + 35 * revisions.count)
        history.append(contentsOf: #","_revisions":{"start":"#.utf8)
        history.append(contentsOf: String(revisions.first?.generation ?? 0).utf8)
        history.append(contentsOf: #","ids":["#.utf8)
        for (index, revision) in revisions.enumerated() {
            history.append(contentsOf: index > 0 ? #",""#.utf8 : #"""#.utf8)
            history.append(contentsOf: revision.hash.utf8)
            history.append(UInt8(ascii: "\""))
        }
        history.append(contentsOf: "]}".utf8)
        return history
    }
}
