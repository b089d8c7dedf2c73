import Foundation

/// Reads an answer of `/{db}/_all_docs` from bytes that arrive in pieces of any size.
///
/// Hand in each piece with ``append(_:)``, then take rows with ``next()`` until it returns nil; after the last piece call
/// ``finish()``. Held are one row and one piece at most. Documents are checked to be JSON and not decoded.
public struct AllDocsScanner: Sendable {
    private var stream: JSONStream
    private var walker = JSONListWalker(listName: "rows")
    private var hasEnded = false
    private var failure: CouchError?

    /// How many documents the database has, once the server has told.
    public private(set) var totalRows: Int?

    /// Makes a scanner.
    ///
    /// - Parameter maximumRowSize: the largest row in bytes, included document and all; a larger one is an error.
    public init(maximumRowSize: Int = 64 << 20) {
        stream = JSONStream(subject: "the answer of _all_docs", valueLimit: maximumRowSize)
    }

    /// Takes in the next bytes of the answer.
    public mutating func append(_ bytes: some Collection<UInt8>) { stream.append(bytes) }

    /// Returns the next row; nil where the bytes so far hold no further one, and behind the last row.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the answer is broken,
    ///   ``CouchError/Code-swift.struct/notCouchDB`` where it is none of CouchDB,
    ///   ``CouchError/Code-swift.struct/serverError`` where the server reports an error in it. The same again at each
    ///   further call.
    public mutating func next() throws(CouchError) -> AllDocsRow? {
        if let failure { throw failure }
        do {
            return try nextRow()
        } catch {
            failure = error
            throw error
        }
    }

    /// Checks, behind the last piece and the last row, that the answer was complete.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where it was cut off.
    public mutating func finish() throws(CouchError) {
        if let failure { throw failure }
        guard hasEnded, try stream.peek() == nil else { throw stream.malformed("it was cut off before its end") }
    }

    private mutating func nextRow() throws(CouchError) -> AllDocsRow? {
        while !hasEnded, let place = try walker.place(in: &stream) {
            switch place {
            case .element:
                let row = try stream.read { (cursor, bytes) throws(JSONFault) in
                    try AllDocsRow(reading: &cursor, in: bytes)
                }
                guard let row else { return nil }
                walker.advance()
                return row
            case .member("total_rows"):
                let value = try stream.read { (cursor, bytes) throws(JSONFault) in try cursor.count(in: bytes) }
                guard let value else { return nil }
                totalRows = value
                walker.advance()
            case .member:
                let value = try stream.read { (cursor, bytes) throws(JSONFault) in try cursor.skipValue(in: bytes) }
                guard value != nil else { return nil }
                walker.advance()
            case .end:
                hasEnded = true
            }
        }
        if hasEnded, try stream.peek() != nil { throw stream.malformed("something comes behind its end") }
        return nil
    }
}
