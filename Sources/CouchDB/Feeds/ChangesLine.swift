/// One object of a changes feed: a row, the last line of a continuous feed, or an error that came up under way.
struct ChangesLine {
    private var sequence: UpdateSequence?
    private var hasSequence = false
    private var id: String?
    private var revisions: [RevisionID]?
    private var isDeleted = false
    private var isRemoved = false
    private var document: Range<Int>?
    var lastSequence: UpdateSequence?
    var pending: Int?
    var error: String?
    var reason: String?
    private(set) var row: ChangeRow?

    /// Reads the object's members in whatever order they come; of members given twice the last one counts.
    init(reading cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        var isFirst = true
        let start = cursor.position
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            try readMember(key, at: &cursor, in: bytes)
        }
        if let id {
            guard hasSequence, var revisions else {
                throw .malformed(at: start, "a row without “\(hasSequence ? "changes" : "seq")”")
            }
            // The first one is what Cloudant has removed (couch_replicator_api_wrap:json_to_doc_info).
            if isRemoved, !revisions.isEmpty { revisions.removeFirst() }
            row = ChangeRow(
                sequence: sequence, id: id, revisions: revisions, isDeleted: isDeleted, isRemoved: isRemoved,
                document: document.map { bytes.data(at: $0) })
        }
    }

    @inline(__always)
    private mutating func readMember(
        _ key: JSONString, at cursor: inout JSONCursor, in bytes: RawSpan
    ) throws(JSONFault) {
        if key.isEqual(to: "seq", in: bytes) {
            sequence = try cursor.sequence(in: bytes)
            hasSequence = true
        } else if key.isEqual(to: "id", in: bytes) {
            id = try cursor.text(in: bytes)
        } else if key.isEqual(to: "changes", in: bytes) {
            revisions = try Self.revisions(at: &cursor, in: bytes)
        } else if key.isEqual(to: "doc", in: bytes) {
            let value = try cursor.skipValue(in: bytes)
            document = bytes.byte(at: value.lowerBound) == UInt8(ascii: "{") ? value : nil
        } else if key.isEqual(to: "deleted", in: bytes) {
            isDeleted = try cursor.bool(in: bytes)
        } else if key.isEqual(to: "removed", in: bytes) {
            isRemoved = try cursor.bool(in: bytes)
        } else {
            try readRareMember(key, at: &cursor, in: bytes)
        }
    }

    /// Reads a member that no row has.
    private mutating func readRareMember(
        _ key: JSONString, at cursor: inout JSONCursor, in bytes: RawSpan
    ) throws(JSONFault) {
        if key.isEqual(to: "last_seq", in: bytes) {
            lastSequence = try cursor.sequence(in: bytes)
        } else if key.isEqual(to: "pending", in: bytes) {
            pending = try cursor.integer(in: bytes)
        } else if key.isEqual(to: "error", in: bytes) {
            error = try cursor.optionalText(in: bytes)
        } else if key.isEqual(to: "reason", in: bytes) {
            reason = try cursor.optionalText(in: bytes)
        } else {
            _ = try cursor.skipValue(in: bytes)
        }
    }

    /// Reads `[{"rev":"…"}, …]`.
    private static func revisions(
        at cursor: inout JSONCursor, in bytes: RawSpan
    ) throws(JSONFault) -> [RevisionID] {
        var revisions: [RevisionID] = []
        var isFirst = true
        while try cursor.nextElement(in: bytes, isFirst: &isFirst) {
            let start = cursor.position
            var revision: RevisionID?
            var isFirstMember = true
            while let key = try cursor.nextMember(in: bytes, isFirst: &isFirstMember) {
                if key.isEqual(to: "rev", in: bytes) {
                    revision = try cursor.revision(in: bytes)
                } else {
                    _ = try cursor.skipValue(in: bytes)
                }
            }
            guard let revision else { throw .malformed(at: start, "a change without “rev”") }
            revisions.append(revision)
        }
        return revisions
    }
}
