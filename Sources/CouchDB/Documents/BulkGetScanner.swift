import Foundation

/// Reads an answer of `POST /{db}/_bulk_get` from bytes that arrive in pieces of any size.
///
/// Hand in each piece with ``append(_:)``, then take events with ``next()`` until it returns nil; after the last piece call
/// ``finish()``. Held are one document and one piece at most. Documents are checked to be JSON; of them only the
/// members with an underscore are decoded.
public struct BulkGetScanner: Sendable {
    private var stream: JSONStream
    private var results = JSONListWalker(listName: "results")
    /// The answer to one item of the request, while the stream is inside of it.
    private var item: JSONListWalker?
    private var hasEnded = false
    private var failure: CouchError?

    /// Makes a scanner.
    ///
    /// - Parameter maximumDocumentSize: the largest document in bytes; a larger one is an error.
    public init(maximumDocumentSize: Int = 64 << 20) {
        stream = JSONStream(subject: "the answer of _bulk_get", valueLimit: maximumDocumentSize)
    }

    /// Takes in the next bytes of the answer.
    public mutating func append(_ bytes: some Collection<UInt8>) { stream.append(bytes) }

    /// Returns what the answer says next; nil where the bytes so far don't tell, and behind the end of the answer.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the answer is broken,
    ///   ``CouchError/Code-swift.struct/notCouchDB`` where it is none of CouchDB,
    ///   ``CouchError/Code-swift.struct/serverError`` where the server reports an error in it. The same again at each
    ///   further call.
    public mutating func next() throws(CouchError) -> BulkGetEvent? {
        if let failure { throw failure }
        do {
            return try item == nil ? nextResult() : nextDocument()
        } catch {
            failure = error
            throw error
        }
    }

    /// Checks, behind the last piece and the last event, that the answer was complete.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where it was cut off.
    public mutating func finish() throws(CouchError) {
        if let failure { throw failure }
        guard hasEnded, try stream.peek() == nil else { throw stream.malformed("it was cut off before its end") }
    }

    private mutating func nextResult() throws(CouchError) -> BulkGetEvent? {
        while !hasEnded, let place = try results.place(in: &stream) {
            switch place {
            case .element:
                item = JSONListWalker(listName: "docs")
                return try nextDocument()
            case .member:
                guard try skipValue() else { return nil }
                results.advance()
            case .end:
                hasEnded = true
                return .end
            }
        }
        if hasEnded, try stream.peek() != nil { throw stream.malformed("something comes behind its end") }
        return nil
    }

    private mutating func nextDocument() throws(CouchError) -> BulkGetEvent? {
        while let place = try item?.place(in: &stream) {
            switch place {
            case .element:
                let event = try stream.read { (cursor, bytes) throws(JSONFault) in
                    try Self.event(reading: &cursor, in: bytes)
                }
                guard let event else { return nil }
                item?.advance()
                return event
            case .member:
                guard try skipValue() else { return nil }
                item?.advance()
            case .end:
                item = nil
                results.advance()
                return .answered
            }
        }
        return nil
    }

    private mutating func skipValue() throws(CouchError) -> Bool {
        try stream.read { (cursor, bytes) throws(JSONFault) in try cursor.skipValue(in: bytes) } != nil
    }

    /// Reads `{"ok":{…}}` or `{"error":{…}}`.
    private static func event(
        reading cursor: inout JSONCursor, in bytes: RawSpan
    ) throws(JSONFault) -> BulkGetEvent {
        var event: BulkGetEvent?
        let start = cursor.position
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "ok", in: bytes) {
                let (document, members) = try cursor.document(in: bytes)
                event = .document(bytes.data(at: document), members)
            } else if key.isEqual(to: "error", in: bytes) {
                event = .failure(try BulkGetFailure(reading: &cursor, in: bytes))
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
        guard let event else { throw .malformed(at: start, "neither a document nor an error") }
        return event
    }
}
