import CouchDB
import Foundation
import Testing

@Suite struct ChangesScannerPropertyTests {
    @Test(arguments: SeededGenerator.seeds(5), [ChangesScanner.Feed.normal, .continuous])
    func everyCutGivesTheSameEvents(seed: UInt64, feed: ChangesScanner.Feed) throws {
        let sample = RandomFeed(feed, seed: seed, rowCount: 4)
        for pieces in Pieces.allCuts(of: sample.bytes) {
            let events = try ChangesScanner.events(of: pieces, feed)
            guard events == sample.events else {
                #expect(events == sample.events, "seed \(seed), pieces \(pieces.map(\.count))")
                return
            }
        }
    }

    @Test(arguments: SeededGenerator.seeds(50), [ChangesScanner.Feed.normal, .continuous])
    func randomPiecesGiveTheSameEvents(seed: UInt64, feed: ChangesScanner.Feed) throws {
        let sample = RandomFeed(feed, seed: seed)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5 {
            let pieces = Pieces.random(of: sample.bytes, using: &generator)
            #expect(try ChangesScanner.events(of: pieces, feed) == sample.events)
        }
    }

    /// Foundation reads the same rows out of the same bytes, and the same values out of the documents.
    @Test(arguments: SeededGenerator.seeds(50))
    func foundationAgrees(seed: UInt64) throws {
        struct Feed: Decodable {
            struct Row: Decodable {
                struct Change: Decodable { var rev: String }
                var seq: JSONValue?
                var id: String
                var changes: [Change]
                var deleted: Bool?
                var doc: JSONValue?
            }
            var results: [Row]
            var last_seq: JSONValue
            var pending: Int?
        }
        let sample = RandomFeed(.normal, seed: seed)
        let expected = try JSONDecoder().decode(Feed.self, from: Data(sample.bytes))
        let events = try ChangesScanner.events(of: [sample.bytes[...]], .normal)
        #expect(events.count == expected.results.count + 1)
        for (event, row) in zip(events, expected.results) {
            guard case .row(let found) = event else {
                Issue.record("not a row: \(event)")
                continue
            }
            #expect(Array(found.id.utf8) == Array(row.id.utf8))
            #expect(found.sequence?.value == row.seq.flatMap { $0.isNull ? nil : $0 })
            #expect(found.revisions == row.changes.compactMap { RevisionID($0.rev) })
            #expect(found.isDeleted == row.deleted ?? false)
            #expect(try found.document.map { try JSONValue(parsing: $0) } == row.doc)
        }
        #expect(events.last == .end(lastSequence: UpdateSequence(expected.last_seq), pending: expected.pending))
    }

    /// The short way of reading revisions gives the same as the long one, also for characters just beside the digits.
    @Test(arguments: SeededGenerator.seeds(20))
    func revisionsReadTheSameAsText(seed: UInt64) throws {
        var json = RandomJSON(seed: seed)
        let texts = (0..<200).map { _ in
            var hash = (0..<32).map { _ in json.pick(Array("0123456789abcdefABCDEF")) }
            if json.chance(2) {
                hash[Int.random(in: 0..<32, using: &json.generator)] = json.pick(Array("/:@G`gé-\u{0}~"))
            }
            return "\(json.pick(["1", "09", "123456789012345", "1234567890123456", "x"]))-\(String(hash))"
        }
        for text in texts {
            let feed = #"{"results":[{"seq":1,"id":"a","changes":[{"rev":\#(json.string(text))}]}],"last_seq":1}"#
            guard let revision = RevisionID(text) else {
                #expect(throws: CouchError(.malformedAnswer, "")) { try ChangesScanner.events(of: feed, .normal) }
                continue
            }
            let row = ChangeRow(sequence: UpdateSequence(1), id: "a", revisions: [revision])
            #expect(try ChangesScanner.events(of: feed, .normal).first == .row(row), "\(text)")
        }
    }

    /// A feed that ends too early is never taken for a whole one, wherever it was cut off.
    @Test(arguments: SeededGenerator.seeds(10), [ChangesScanner.Feed.normal, .continuous])
    func noTruncatedFeedIsComplete(seed: UInt64, feed: ChangesScanner.Feed) throws {
        let sample = RandomFeed(feed, seed: seed, rowCount: 4)
        let lastByte = try #require(sample.bytes.lastIndex(of: UInt8(ascii: "}")))
        for length in 0...lastByte {
            #expect(throws: CouchError(.malformedAnswer, "")) {
                try ChangesScanner.events(of: [sample.bytes[..<length]], feed)
            }
        }
        #expect(try ChangesScanner.events(of: [sample.bytes[...lastByte]], feed) == sample.events)
    }

    /// Damage is found or not, but never depends on how the bytes were cut.
    @Test(arguments: SeededGenerator.seeds(50))
    func damageIsJudgedTheSameInAllPieces(seed: UInt64) {
        let sample = RandomFeed(.normal, seed: seed, rowCount: 4)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var bytes = sample.bytes
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            let pieces = Pieces.random(of: bytes, using: &generator)
            let whole = Result { try ChangesScanner.events(of: [bytes[...]], .normal) }
            let cut = Result { try ChangesScanner.events(of: pieces, .normal) }
            #expect(whole.description == cut.description)
        }
    }
}

extension Result where Success == [ChangesEvent], Failure == any Error {
    /// The events, or the error's code, so that two results can be compared.
    fileprivate var description: String {
        switch self {
        case .success(let events): "\(events)"
        case .failure(let error): "\((error as? CouchError)?.code.description ?? "\(error)")"
        }
    }
}
