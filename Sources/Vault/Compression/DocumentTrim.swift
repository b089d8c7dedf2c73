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
        let last = document.count - 1
        guard last >= head.count + history.count, document.has(head, at: 0) else { return nil }
        if document.has(history, at: last - history.count) {
            let rest = document.joining(head.count..<(last - history.count), last..<document.count)
            return (DocumentTrim(revisions: path.revisions.count, hasAttachments: false), rest)
        }
        guard let found = document.range(of: attachments, options: .backwards)?.lowerBound else { return nil }
        let place = found - document.startIndex
        guard place - history.count >= head.count, document.has(history, at: place - history.count) else { return nil }
        let rest = document.joining(head.count..<(place - history.count), place..<document.count)
        let trim = DocumentTrim(revisions: path.revisions.count, hasAttachments: true)
        // What comes behind could hold the same words.
        guard trim.restored(rest, id: id, path: path) == document else { return nil }
        return (trim, rest)
    }

    /// The whole document; nil where the rest can't be one of such a document.
    func restored(_ rest: Data, id: DocumentID, path: RevisionPath) -> Data? {
        guard path.revisions.count >= revisions, !rest.isEmpty else { return nil }
        let found =
            hasAttachments ? rest.range(of: Self.attachments, options: .backwards)?.lowerBound : rest.endIndex - 1
        guard let place = found.map({ $0 - rest.startIndex }) else { return nil }
        let (head, history) = (Self.head(id, path), Self.history(path.revisions.prefix(revisions)))
        return rest.withUnsafeBytes { bytes in
            var document = Data(capacity: head.count + bytes.count + history.count)
            document.append(contentsOf: head)
            document.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[..<place]))
            document.append(contentsOf: history)
            document.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[place...]))
            return document
        }
    }

    /// How many bytes were cut out of the document.
    func cutBytes(id: DocumentID, path: RevisionPath) -> Int {
        Self.head(id, path).count + Self.history(path.revisions.prefix(revisions)).count
    }

    private static let attachments = Data(#","_attachments":{"#.utf8)

    private static func head(_ id: DocumentID, _ path: RevisionPath) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(id.text.utf8.count + 64)
        head.append(contentsOf: #"{"_id":""#.utf8)
        // An id that needs escapes is written otherwise, and its document stored whole.
        head.append(contentsOf: id.text.utf8)
        head.append(contentsOf: #"","_rev":""#.utf8)
        path.leaf.appendText(to: &head)
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
            revision.appendHash(to: &history)
            history.append(UInt8(ascii: "\""))
        }
        history.append(contentsOf: "]}".utf8)
        return history
    }
}

extension Data {
    /// Whether the bytes at a place, counted from the first byte, are these.
    fileprivate func has(_ bytes: [UInt8], at place: Int) -> Bool {
        guard place >= 0, place + bytes.count <= count else { return false }
        return withUnsafeBytes { own in
            bytes.withUnsafeBytes { other in
                guard let here = own.baseAddress, let there = other.baseAddress else { return other.isEmpty }
                return memcmp(here + place, there, other.count) == 0
            }
        }
    }

    /// Two parts as one, their places counted from the first byte.
    fileprivate func joining(_ first: Range<Int>, _ second: Range<Int>) -> Data {
        withUnsafeBytes { bytes in
            var joined = Data(capacity: first.count + second.count)
            joined.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[first]))
            joined.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[second]))
            return joined
        }
    }
}
