import CouchDB

extension ChangesScanner {
    /// Reads a whole feed that comes in these pieces.
    static func events(
        of pieces: some Sequence<ArraySlice<UInt8>>, _ feed: Feed, maximumRowSize: Int = 1 << 20
    ) throws -> [ChangesEvent] {
        var scanner = ChangesScanner(feed: feed, maximumRowSize: maximumRowSize)
        var events: [ChangesEvent] = []
        for piece in pieces {
            scanner.append(piece)
            while let event = try scanner.next() { events.append(event) }
        }
        try scanner.finish()
        return events
    }

    /// Reads a whole feed that comes in one piece.
    static func events(of text: String, _ feed: Feed, maximumRowSize: Int = 1 << 20) throws -> [ChangesEvent] {
        try events(of: [ArraySlice(text.utf8)], feed, maximumRowSize: maximumRowSize)
    }
}
