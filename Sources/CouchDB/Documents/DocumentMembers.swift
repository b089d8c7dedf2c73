import Foundation

/// What replication has to know of a document: the members with an underscore, read from its bytes.
///
/// The rest of the document is checked to be JSON and else not looked at, so that its bytes can be kept as they are. Of a
/// member given twice the last one counts, at every level, as in CouchDB 2 and later (`jiffy` with `dedupe_keys`); the
/// place of an attachment is that of its last member. Any depth of nesting is taken, as CouchDB takes it.
public struct DocumentMembers: Sendable, Hashable {
    /// `_id`.
    public var id: String
    /// `_rev`; nil where the document has none.
    public var revision: RevisionID?
    /// `_revisions`; nil where the history was not asked for.
    public var path: RevisionPath?
    /// `_deleted`.
    public var isDeleted: Bool
    /// `_attachments`, in the order in which a multipart body has their parts.
    public var attachments: [AttachmentMember]
    /// Where the value of `_attachments` is in the document; nil where there is none.
    public var attachmentsRange: Range<Int>?

    /// Reads a document.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the bytes are not one
    ///   JSON object with an `_id`, or where a member that is read has not the type that CouchDB gives it.
    public init(of document: Data) throws(CouchError) { try self.init(of: document.span.bytes) }

    /// Reads a document.
    ///
    /// - Throws: as for `Data`.
    public init(of document: RawSpan) throws(CouchError) {
        var cursor = JSONCursor()
        var members = DocumentMembers()
        do {
            try members.read(&cursor, in: document)
            try cursor.expectEnd(in: document, behind: "document")
        } catch {
            switch error {
            case .incomplete:
                throw CouchError(.malformedAnswer, "a document of \(document.byteCount) bytes is cut off")
            case .malformed(let offset, let what):
                throw CouchError(.malformedAnswer, "a document is broken at byte \(offset): \(what)")
            }
        }
        self = members
    }

    /// The revision with the ancestors that are known: of `_revisions`, else of `_rev` alone.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where there is neither, or
    ///   where they contradict each other.
    public func revisionPath() throws(CouchError) -> RevisionPath {
        guard let path = path ?? revision.map({ RevisionPath($0) }) else {
            throw CouchError(.malformedAnswer, "the document “\(id)” has no revision")
        }
        guard revision == nil || revision == path.leaf else {
            throw CouchError(
                .malformedAnswer, "“_rev” of the document “\(id)” is not what “_revisions” leads to, \(path.leaf)")
        }
        return path
    }

    fileprivate init() { (id, isDeleted, attachments) = ("", false, []) }

    fileprivate mutating func read(_ cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        var hasID = false
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            guard key.beginsWithUnderscore(in: bytes) else {
                _ = try cursor.skipValue(in: bytes)
                continue
            }
            if key.isEqual(to: "_id", in: bytes) {
                id = try cursor.text(in: bytes)
                hasID = true
            } else if key.isEqual(to: "_rev", in: bytes) {
                revision = try cursor.revision(in: bytes)
            } else if key.isEqual(to: "_revisions", in: bytes) {
                path = try cursor.revisionPath(in: bytes)
            } else if key.isEqual(to: "_deleted", in: bytes) {
                isDeleted = try cursor.bool(in: bytes)
            } else if key.isEqual(to: "_attachments", in: bytes) {
                _ = try cursor.peek(in: bytes)
                let start = cursor.position
                attachments = try cursor.attachments(in: bytes)
                attachmentsRange = start..<cursor.position
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
        guard hasID else { throw .malformed(at: cursor.position, "a document without “_id”") }
    }
}

extension JSONCursor {
    /// Reads a document that stands within other bytes, and tells where it is.
    mutating func document(in bytes: RawSpan) throws(JSONFault) -> (range: Range<Int>, members: DocumentMembers) {
        guard try peek(in: bytes) == UInt8(ascii: "{") else {
            throw .malformed(at: position, "a document that isn't an object")
        }
        let start = position
        var members = DocumentMembers()
        try members.read(&self, in: bytes)
        members.attachmentsRange = members.attachmentsRange.map { ($0.lowerBound - start)..<($0.upperBound - start) }
        return (start..<position, members)
    }

    /// Reads `{"start":3,"ids":["…",…]}`.
    fileprivate mutating func revisionPath(in bytes: RawSpan) throws(JSONFault) -> RevisionPath {
        var start: Int?
        var ids: [JSONString] = []
        var isFirst = true
        _ = try peek(in: bytes)
        let offset = position
        while let key = try nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "start", in: bytes) {
                start = try integer(in: bytes)
            } else if key.isEqual(to: "ids", in: bytes) {
                ids = []
                var isFirstElement = true
                while try nextElement(in: bytes, isFirst: &isFirstElement) { ids.append(try string(in: bytes)) }
            } else {
                _ = try skipValue(in: bytes)
            }
        }
        guard let start, !ids.isEmpty, start >= ids.count else {
            throw .malformed(at: offset, "“_revisions” without “start” and as many “ids” as there can be")
        }
        var revisions: [RevisionID] = []
        revisions.reserveCapacity(ids.count)
        for (age, id) in ids.enumerated() {
            if !id.hasEscapes,
                let usual = RevisionID(generation: start - age, digestText: bytes.extracting(id.range))
            {
                revisions.append(usual)
            } else {
                revisions.append(RevisionID(generation: start - age, hash: try id.text(in: bytes)))
            }
        }
        return RevisionPath(unchecked: revisions)
    }

    /// Reads `{"name":{…},…}`.
    fileprivate mutating func attachments(in bytes: RawSpan) throws(JSONFault) -> [AttachmentMember] {
        var attachments: [AttachmentMember] = []
        var isFirst = true
        while let key = try nextMember(in: bytes, isFirst: &isFirst) {
            let name = try key.text(in: bytes)
            attachments.append(try AttachmentMember(name: name, reading: &self, in: bytes))
        }
        // Names are compared as bytes: Swift takes two spellings of one accented letter for equal.
        guard Set(attachments.map { Array($0.name.utf8) }).count < attachments.count else { return attachments }
        var seen: Set<[UInt8]> = []
        return attachments.reversed().filter { seen.insert(Array($0.name.utf8)).inserted }.reversed()
    }
}
