import Foundation

/// One item of an `open_revs` answer.
public enum OpenRevision: Sendable, Hashable {
    /// The document, byte for byte as it was sent.
    case document(Data)
    /// The database has no such revision.
    case missing(String)

    /// Reads the JSON form, `[{"ok":{…}},{"missing":"…"}]`.
    static func read(_ bytes: Data) throws(CouchError) -> [OpenRevision] {
        let span = bytes.span.bytes
        do {
            var cursor = JSONCursor(at: 0)
            var revisions: [OpenRevision] = []
            var isFirst = true
            while try cursor.nextElement(in: span, isFirst: &isFirst) {
                revisions.append(try item(at: &cursor, in: span))
            }
            return revisions
        } catch {
            let what =
                if case .malformed(let offset, let what) = error { "at byte \(offset): \(what)" } else { "too early" }
            throw CouchError(.malformedAnswer, "the answer to open_revs is broken or ends \(what)")
        }
    }

    private static func item(at cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) -> OpenRevision {
        let start = cursor.position
        var revision: OpenRevision?
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "ok", in: bytes) {
                revision = .document(bytes.data(at: try cursor.skipValue(in: bytes)))
            } else if key.isEqual(to: "missing", in: bytes) {
                revision = .missing(try cursor.text(in: bytes))
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
        guard let revision else { throw .malformed(at: start, "neither a document nor a missing revision") }
        return revision
    }
}
