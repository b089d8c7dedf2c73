import Foundation

/// One object of a changes feed.
enum ChangesLine {
    /// A row.
    case row(ChangeRow)
    /// The last line of a continuous feed.
    case end(lastSequence: UpdateSequence, pending: Int?)
    /// An error that came up under way.
    case report(ServerReport)
}

extension ChangesLine {
    /// Reads the object's members in whatever order they come; of members given twice the last one counts.
    init(reading cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        var row = ChangeRow(sequence: nil, id: "", revisions: [])
        var (hasSequence, hasID, hasRevisions) = (false, false, false)
        var document: Range<Int>?
        var isFirst = true
        let start = cursor.position
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "seq", in: bytes) {
                row.sequence = try cursor.sequence(in: bytes)
                hasSequence = true
            } else if key.isEqual(to: "id", in: bytes) {
                row.id = try cursor.text(in: bytes)
                hasID = true
            } else if key.isEqual(to: "changes", in: bytes) {
                row.revisions = try cursor.changedRevisions(in: bytes)
                hasRevisions = true
            } else if key.isEqual(to: "doc", in: bytes) {
                let value = try cursor.skipValue(in: bytes)
                document = bytes.byte(at: value.lowerBound) == UInt8(ascii: "{") ? value : nil
            } else if key.isEqual(to: "deleted", in: bytes) {
                row.isDeleted = try cursor.bool(in: bytes)
            } else if key.isEqual(to: "removed", in: bytes) {
                row.isRemoved = try cursor.bool(in: bytes)
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
        guard hasID else {
            self = try Self.lineThatIsNoRow(at: start, in: bytes)
            return
        }
        guard hasSequence, hasRevisions else {
            throw .malformed(at: start, "a row without “\(hasSequence ? "changes" : "seq")”")
        }
        // The first one is what Cloudant has removed (couch_replicator_api_wrap:json_to_doc_info).
        if row.isRemoved, !row.revisions.isEmpty { row.revisions.removeFirst() }
        row.document = document.map { bytes.data(at: $0) }
        self = .row(row)
    }

    /// Reads an object without an id once more, for what else it may be.
    private static func lineThatIsNoRow(at start: Int, in bytes: RawSpan) throws(JSONFault) -> ChangesLine {
        var cursor = JSONCursor(at: start)
        if let report = try ServerReport(reading: &cursor, in: bytes) { return .report(report) }
        cursor = JSONCursor(at: start)
        var (lastSequence, pending): (UpdateSequence?, Int?) = (nil, nil)
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "last_seq", in: bytes) {
                lastSequence = try cursor.sequence(in: bytes)
            } else if key.isEqual(to: "pending", in: bytes) {
                pending = try cursor.count(in: bytes)
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
        guard let lastSequence else { throw .malformed(at: start, "a row without “id”") }
        return .end(lastSequence: lastSequence, pending: pending)
    }
}

extension JSONCursor {
    /// Reads `[{"rev":"…"}, …]`.
    fileprivate mutating func changedRevisions(in bytes: RawSpan) throws(JSONFault) -> [RevisionID] {
        var revisions: [RevisionID] = []
        var isFirst = true
        while try nextElement(in: bytes, isFirst: &isFirst) {
            let start = position
            var revision: RevisionID?
            var isFirstMember = true
            while let key = try nextMember(in: bytes, isFirst: &isFirstMember) {
                if key.isEqual(to: "rev", in: bytes) {
                    revision = try self.revision(in: bytes)
                } else {
                    _ = try skipValue(in: bytes)
                }
            }
            guard let revision else { throw .malformed(at: start, "a change without “rev”") }
            revisions.append(revision)
        }
        return revisions
    }
}
