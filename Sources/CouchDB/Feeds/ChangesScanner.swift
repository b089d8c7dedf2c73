import Foundation

/// Reads a changes feed from bytes that arrive in pieces of any size.
///
/// Hand in each piece with ``append(_:)``, then take events with ``next()`` until it returns nil; after the last piece call
/// ``finish()``. All of the feed must be strict JSON; a feed that was cut off in the middle never looks complete. Held are
/// one row and one piece at most. A document that is included is not decoded.
public struct ChangesScanner: Sendable {
    /// The two forms of a feed.
    public enum Feed: Sendable {
        /// One JSON object, of `feed=normal` and `feed=longpoll`.
        case normal
        /// A JSON object a line, of `feed=continuous`.
        case continuous
    }

    private let feed: Feed
    private var stream: JSONStream
    private var walker = JSONListWalker(listName: "results")
    /// In a continuous feed, whether a line has come that isn't blank.
    private var hasBegun = false
    /// In a continuous feed, whether the next line break ends a row and so isn't a heartbeat.
    private var isBehindRow = false
    private var lastSequence: UpdateSequence?
    private var pending: Int?
    private var hasEnded = false
    private var failure: CouchError?

    /// Makes a scanner.
    ///
    /// - Parameter maximumRowSize: the largest row in bytes, included document and all; a larger one is an error.
    public init(feed: Feed, maximumRowSize: Int = 64 << 20) {
        self.feed = feed
        stream = JSONStream(subject: "the changes feed", valueLimit: maximumRowSize)
    }

    /// Takes in the next bytes of the answer.
    public mutating func append(_ bytes: some Collection<UInt8>) { stream.append(bytes) }

    /// Returns what the feed says next; nil where the bytes so far don't tell, and behind the end of the feed.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the feed is broken,
    ///   ``CouchError/Code-swift.struct/notCouchDB`` where it is no feed at all,
    ///   ``CouchError/Code-swift.struct/serverError`` where the server reports an error in the middle of it. The same
    ///   again at each further call.
    public mutating func next() throws(CouchError) -> ChangesEvent? {
        if let failure { throw failure }
        do {
            return switch feed {
            case .normal: try nextOfObject()
            case .continuous: try nextOfLines()
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// Checks, behind the last piece and the last event, that the feed was complete.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the feed was cut off:
    ///   its end, with the last sequence, has not come.
    public mutating func finish() throws(CouchError) {
        if let failure { throw failure }
        guard hasEnded, try stream.peek() == nil else {
            throw stream.malformed("it was cut off before its last sequence")
        }
    }
}

extension ChangesScanner {
    private mutating func nextOfObject() throws(CouchError) -> ChangesEvent? {
        while !hasEnded, let place = try walker.place(in: &stream) {
            switch place {
            case .element:
                guard let line = try readLine() else { return nil }
                walker.advance()
                switch line {
                case .row(let row): return .row(row)
                case .end: throw stream.malformed("a row without “id”")
                case .report(let report): throw report.error(in: stream.subject)
                }
            case .member(let key):
                guard try readMember(key) else { return nil }
                walker.advance()
            case .end:
                return try end()
            }
        }
        if hasEnded { try expectNothing() }
        return nil
    }

    private mutating func nextOfLines() throws(CouchError) -> ChangesEvent? {
        while !hasEnded, let byte = stream.nextByte {
            switch byte {
            case UInt8(ascii: "\n"):
                stream.skipByte()
                guard isBehindRow else { return .heartbeat }
                isBehindRow = false
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                stream.skipByte()
            default:
                guard byte == UInt8(ascii: "{") || hasBegun else { throw stream.notCouchDB }
                hasBegun = true
                guard let line = try readLine() else { return nil }
                isBehindRow = true
                switch line {
                case .row(let row): return .row(row)
                case .end(let lastSequence, let pending):
                    hasEnded = true
                    return .end(lastSequence: lastSequence, pending: pending)
                case .report(let report): throw report.error(in: stream.subject)
                }
            }
        }
        if hasEnded { try expectNothing() }
        return nil
    }

    @inline(__always)
    private mutating func readLine() throws(CouchError) -> ChangesLine? {
        try stream.read { (cursor, bytes) throws(JSONFault) in try ChangesLine(reading: &cursor, in: bytes) }
    }

    private mutating func readMember(_ key: String) throws(CouchError) -> Bool {
        switch key {
        case "last_seq":
            let value = try stream.read { (cursor, bytes) throws(JSONFault) in try cursor.sequence(in: bytes) }
            guard let value else { return false }
            lastSequence = value
        case "pending":
            let value = try stream.read { (cursor, bytes) throws(JSONFault) in try cursor.count(in: bytes) }
            guard let value else { return false }
            pending = value
        default:
            let value = try stream.read { (cursor, bytes) throws(JSONFault) in try cursor.skipValue(in: bytes) }
            return value != nil
        }
        return true
    }

    private mutating func end() throws(CouchError) -> ChangesEvent {
        guard let lastSequence else { throw stream.malformed("it ends without “last_seq”") }
        hasEnded = true
        return .end(lastSequence: lastSequence, pending: pending)
    }

    private mutating func expectNothing() throws(CouchError) {
        guard try stream.peek() == nil else { throw stream.malformed("something comes behind its end") }
    }
}
