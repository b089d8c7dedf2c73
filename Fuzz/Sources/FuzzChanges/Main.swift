import CouchDB
import Driver

/// Reads the input as a changes feed of both forms, as an answer of `_bulk_get` and of `_all_docs`, whole and in two pieces.
@_cdecl("FuzzChanges_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzDriver.run(count, arguments) { start, count in
        guard let input = FuzzInput(start, count) else { return 0 }
        for feed in [ChangesScanner.Feed.normal, .continuous] {
            let whole = changes([input.bytes[...]], feed)
            precondition(whole == changes(input.pieces, feed), "the pieces change what is read")
        }
        precondition(bulkGet([input.bytes[...]]) == bulkGet(input.pieces), "the pieces change what is read")
        precondition(allDocs([input.bytes[...]]) == allDocs(input.pieces), "the pieces change what is read")
        return 0
    }
}

/// The events, or the code of the error.
private func changes(_ pieces: [ArraySlice<UInt8>], _ feed: ChangesScanner.Feed) -> Result<[ChangesEvent], CouchError> {
    Result { () throws(CouchError) in
        var scanner = ChangesScanner(feed: feed, maximumRowSize: 1 << 10)
        var events: [ChangesEvent] = []
        for piece in pieces {
            scanner.append(piece)
            while let event = try scanner.next() { events.append(event) }
        }
        try scanner.finish()
        return events
    }
}

private func bulkGet(_ pieces: [ArraySlice<UInt8>]) -> Result<[BulkGetEvent], CouchError> {
    Result { () throws(CouchError) in
        var scanner = BulkGetScanner(maximumDocumentSize: 1 << 10)
        var events: [BulkGetEvent] = []
        for piece in pieces {
            scanner.append(piece)
            while let event = try scanner.next() { events.append(event) }
        }
        try scanner.finish()
        return events
    }
}

private func allDocs(_ pieces: [ArraySlice<UInt8>]) -> Result<[AllDocsRow], CouchError> {
    Result { () throws(CouchError) in
        var scanner = AllDocsScanner(maximumRowSize: 1 << 10)
        var rows: [AllDocsRow] = []
        for piece in pieces {
            scanner.append(piece)
            while let row = try scanner.next() { rows.append(row) }
        }
        try scanner.finish()
        return rows
    }
}
