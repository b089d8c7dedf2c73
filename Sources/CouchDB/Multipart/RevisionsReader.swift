import Foundation

/// Reads revisions with their attachments from a multipart answer that arrives in pieces of any size.
///
/// It takes what `GET /{db}/{id}?open_revs=…` and `_bulk_get` answer as `multipart/mixed`, and the `multipart/related` of
/// a single document. Hand in each piece with ``append(_:)``, then take events with ``next()`` until it returns nil; after
/// the last piece call ``finish()``. Documents are held whole, attachments never: they are passed on as they come.
///
/// Attachments are told apart by their order alone, as CouchDB does it: their headers are absent before 1.4, and later
/// hold names as they are, whatever characters they have.
public struct RevisionsReader: Sendable {
    /// What a part of the outer body is.
    private enum Part {
        case revision(RevisionPartReader)
        case document(Data)
        case report(Data)
    }

    private let maximumDocumentSize: Int
    /// The body of many revisions; nil where the answer is one revision.
    private var outer: MultipartReader?
    private var part: Part?
    /// What is to be said before anything else is read.
    private var pending: [RevisionsEvent] = []
    private var hasEnded = false
    private var failure: CouchError?

    /// Makes a reader for an answer with this `Content-Type`.
    ///
    /// - Parameter maximumDocumentSize: the largest document in bytes, without its attachments; a larger one is an error.
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the type isn't multipart or
    ///   has no boundary.
    public init(contentType: String, maximumDocumentSize: Int = 64 << 20) throws(CouchError) {
        self.maximumDocumentSize = maximumDocumentSize
        let type = MediaType(header: contentType)
        switch type.name {
        case "multipart/mixed":
            outer = try MultipartReader(boundary: type.boundary())
        case "multipart/related":
            part = .revision(try RevisionPartReader(type: type, maximumDocumentSize: maximumDocumentSize))
        default:
            throw CouchError(.malformedAnswer, "the answer is of the type “\(type.name)”, which is not multipart")
        }
    }

    /// Takes in the next bytes of the answer.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        // What comes behind the last boundary means nothing.
        guard !hasEnded else { return }
        if outer != nil {
            outer?.append(bytes)
        } else if case .revision(var reader) = part {
            part = nil
            reader.append(bytes)
            part = .revision(reader)
        }
    }

    /// Returns what the answer says next; nil where the bytes so far don't tell, and behind the end of the answer.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the answer is broken, or
    ///   an attachment has not the length that the document tells. The same again at each further call.
    public mutating func next() throws(CouchError) -> RevisionsEvent? {
        if let failure { throw failure }
        do {
            return try nextEvent()
        } catch {
            failure = error
            throw error
        }
    }

    /// Checks, behind the last piece and the last event, that the answer was complete.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where it was cut off.
    public func finish() throws(CouchError) {
        if let failure { throw failure }
        guard hasEnded else {
            throw CouchError(.malformedAnswer, "the answer was cut off before the end of its last revision")
        }
    }

    private mutating func nextEvent() throws(CouchError) -> RevisionsEvent? {
        while true {
            if !pending.isEmpty { return pending.removeFirst() }
            if let event = try nextOfPart() { return event }
            guard !hasEnded, outer != nil, let event = try outer?.next() else { return nil }
            switch event {
            case .part(let headers): try begin(headers)
            case .bytes(let bytes): try take(bytes)
            case .partEnd: try endPart()
            case .end:
                hasEnded = true
                return .end
            }
        }
    }

    /// Returns the next event of a part that is multipart itself.
    private mutating func nextOfPart() throws(CouchError) -> RevisionsEvent? {
        guard case .revision(var reader) = part else { return nil }
        part = nil
        defer { part = .revision(reader) }
        let event = try reader.next()
        if outer == nil, event == .revisionEnd {
            hasEnded = true
            pending.append(.end)
        }
        return event
    }

    private mutating func begin(_ headers: MultipartHeaders) throws(CouchError) {
        let type = headers.contentType
        switch type?.name {
        case "multipart/related":
            let type = type ?? MediaType("multipart/related")
            part = .revision(try RevisionPartReader(type: type, maximumDocumentSize: maximumDocumentSize))
        case "application/json", nil:
            part = type?.parameters["error"] == "true" ? .report(Data()) : .document(Data())
        case .some(let name):
            throw CouchError(.malformedAnswer, "a part of the answer is of the type “\(name)”, which holds no revision")
        }
    }

    private mutating func take(_ bytes: Data) throws(CouchError) {
        let old = part
        part = nil
        switch old {
        case .revision(var reader):
            reader.append(bytes)
            part = .revision(reader)
        case .document(var document):
            document.append(bytes)
            try Self.check(size: document.count, limit: maximumDocumentSize)
            part = .document(document)
        case .report(var report):
            report.append(bytes)
            try Self.check(size: report.count, limit: maximumDocumentSize)
            part = .report(report)
        case nil:
            break
        }
    }

    private mutating func endPart() throws(CouchError) {
        let ended = part
        part = nil
        switch ended {
        case .revision(let reader):
            try reader.finish()
        case .document(let document):
            let members = try DocumentMembers(of: document)
            guard !members.attachments.contains(where: { $0.content == .follows }) else {
                throw CouchError(.malformedAnswer, "no attachments follow the document “\(members.id)”, which has some")
            }
            pending = [.document(document, members), .revisionEnd]
        case .report(let report):
            pending = [try RevisionsEvent(report: report)]
        case nil:
            break
        }
    }

    static func check(size: Int, limit: Int) throws(CouchError) {
        guard size <= limit else {
            throw CouchError(
                .malformedAnswer, "a document of more than \(limit) bytes, which is the most that is taken")
        }
    }
}

extension MediaType {
    /// The boundary of a multipart type.
    func boundary() throws(CouchError) -> String {
        guard let boundary = parameters["boundary"] else {
            throw CouchError(.malformedAnswer, "the type “\(name)” comes without a boundary")
        }
        return boundary
    }
}

extension RevisionsEvent {
    /// Reads `{"missing":"…"}`, or `{"rev":"…","error":"…","reason":"…"}` as `_bulk_get` has it.
    fileprivate init(report: Data) throws(CouchError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: report)
        } catch {
            throw CouchError(.malformedAnswer, "a part of the answer that reports an error isn't JSON")
        }
        if let missing = value["missing"]?.string {
            self = .missing(missing)
        } else if let error = value["error"]?.string {
            self = .failure(
                BulkGetFailure(
                    id: value["id"]?.string, revision: value["rev"]?.string, error: error,
                    reason: value["reason"]?.string))
        } else {
            throw CouchError(.malformedAnswer, "a part of the answer reports an error, but not which")
        }
    }
}
