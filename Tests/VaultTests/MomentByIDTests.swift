import CouchDB
import Foundation
import GRDB
import Replication
import Secrets
import Testing

@testable import Vault

@Suite("A moment lists its documents by their ids")
struct MomentByIDTests {
    /// All documents of a feed, by pages.
    private static func feed(
        _ replica: some Replica, from start: UpdateSequence = .zero, limit: Int = 7
    ) async throws -> [DocumentLeaves] {
        var (documents, sequence): ([DocumentLeaves], UpdateSequence) = ([], start)
        while true {
            let batch = try await replica.changes(since: sequence, limit: limit, patience: nil)
            #expect(batch.documents.count <= limit && (batch.isAtEnd || batch.lastSequence != sequence))
            documents += batch.documents
            sequence = batch.lastSequence
            if batch.isAtEnd { return documents }
        }
    }

    /// A backup of random edits, with a moment in their middle and one at their end.
    private static func fill(_ folder: TemporaryVault, key: KeySource? = nil) async throws -> VaultDatabase {
        let database = try await folder.database(key: key)
        var (random, model) = (SeededGenerator(seed: 77), DocumentModel(sizes: [10]))
        for minute in 1...2 {
            for _ in 0..<4 {
                let revisions = try (0..<40).map { _ in try model.step(using: &random) }
                _ = try await database.store(revisions, checkpoint: nil)
            }
            try await database.seal(minute: minute)
        }
        return database
    }

    @Test("The same documents with the same leaves, window by window", arguments: [nil, "a passphrase"])
    func lists(passphrase: String?) async throws {
        let folder = TemporaryVault()
        let database = try await Self.fill(folder, key: passphrase.map { .passphrase(Secret($0)) })
        for moment in try await database.moments() {
            let past = database.at(moment)
            #expect(past.concurrentFetches > 1 && MomentByID(past).concurrentFetches == past.concurrentFetches)
            let all = Dictionary(grouping: try await past.feed(), by: \.id)
            // One window with all, and some with a few rows each.
            for capacity in [MomentByID.usualCapacity, 500, 1] {
                let sorted = MomentByID(past, capacity: capacity)
                let feed = try await Self.feed(sorted)
                #expect(feed.count == all.count)
                #expect(Dictionary(grouping: feed, by: \.id) == all)
                let ids = feed.map(\.id)
                #expect((ids == ids.sorted()) == (capacity > 500))
                var given = 0
                try await sorted.revisions(feed) { answer in
                    if case .given(let revisions) = answer.outcome { given += revisions.count }
                }
                #expect(given == moment.leaves)
            }
        }
    }

    @Test("Each place holds for who goes on from there, and a place in the moment's own feed too")
    func places() async throws {
        let folder = TemporaryVault()
        let database = try await Self.fill(folder)
        let past = database.at(try await database.moment(1))
        for capacity in [MomentByID.usualCapacity, 600] {
            let all = try await Self.feed(MomentByID(past, capacity: capacity))
            var (sequence, count): (UpdateSequence, Int) = (.zero, 0)
            while count < all.count {
                let rest = try await Self.feed(MomentByID(past, capacity: capacity), from: sequence, limit: 5)
                #expect(rest == Array(all[count...]))
                let batch = try await MomentByID(past, capacity: capacity).changes(
                    since: sequence, limit: 3, patience: nil)
                (sequence, count) = (batch.lastSequence, count + batch.documents.count)
            }
        }
        let own = try await past.changes(since: .zero, limit: 20, patience: nil)
        let rest = try await Self.feed(MomentByID(past), from: own.lastSequence)
        let expected = try await past.changes(since: own.lastSequence, limit: 1000, patience: nil).documents
        #expect(Set(rest) == Set(expected) && !rest.isEmpty)
    }

    @Test("A window of another size is read from its beginning")
    func otherSize() async throws {
        let folder = TemporaryVault()
        let database = try await Self.fill(folder)
        let past = MomentByID(database.at(try await database.moment(1)))
        let place = WindowPlace(start: 0, read: 3, of: 1_000_000)
        #expect(try await Self.feed(past, from: place.sequence) == Self.feed(past))
        for text in ["+", "1+", "1+2", "1+2/1", "1+-1/3", "x+1/3", "1+1/3+1", "1-abc"] {
            await #expect(throws: CouchError.self, "\(text)") {
                _ = try await past.changes(since: UpdateSequence(.string(text)), limit: 1, patience: nil)
            }
        }
    }

    @Test("A damaged row takes no other along", arguments: [nil, "a passphrase"])
    func damage(passphrase: String?) async throws {
        let folder = TemporaryVault()
        let key: KeySource? = passphrase.map { .passphrase(Secret($0)) }
        let database = try await folder.database(key: key)
        for name in ["c", "a", "b"] {
            _ = try await database.store([try DocumentModel.revision(DocumentID(name))], checkpoint: nil)
        }
        try await database.seal(minute: 1)
        try await database.close()
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { try $0.execute(sql: "UPDATE leaf SET name = x'61', history = x'00' WHERE id = 1") }
        try queue.close()
        let reader = try await folder.database(isWriting: false, key: key)
        let feed = try await Self.feed(MomentByID(reader.at(try await reader.moment(1))))
        #expect(feed.map(\.id) == ["a", "b"])
    }

    @Test("Behind a damaged page the moment's own order gives what it has")
    func damagedPage() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        let padding = String(repeating: "x", count: 100)
        let revisions = try (0..<2000).map { try DocumentModel.revision(DocumentID("\($0 % 10)-\($0)-\(padding)")) }
        _ = try await database.store(revisions, checkpoint: nil)
        try await database.seal(minute: 1)
        try await database.close()
        let (path, size) = (try folder.file(), 8192)
        let whole = try Data(contentsOf: URL(filePath: path))
        var found = 0
        for page in 2..<(whole.count / size) {
            var damaged = whole
            damaged.replaceSubrange((page * size)..<(page * size + 64), with: Data(repeating: 0xa5, count: 64))
            try damaged.write(to: URL(filePath: path))
            guard let reader = try? await folder.database(isWriting: false), let moment = try? await reader.moment(1)
            else { continue }
            /// What a feed gives before it fails, and whether it does.
            func read(_ replica: some Replica) async -> (ids: Set<DocumentID>, failed: Bool) {
                var (ids, sequence): (Set<DocumentID>, UpdateSequence) = ([], .zero)
                do {
                    while true {
                        let batch = try await replica.changes(since: sequence, limit: 100, patience: nil)
                        ids.formUnion(batch.documents.map(\.id))
                        sequence = batch.lastSequence
                        if batch.isAtEnd { return (ids, false) }
                    }
                } catch {
                    return (ids, true)
                }
            }
            let (own, sorted) = (await read(reader.at(moment)), await read(MomentByID(reader.at(moment))))
            #expect(sorted.failed == own.failed, "page \(page)")
            // Its pages begin elsewhere, and the one that fails is lost as a whole.
            #expect(sorted.ids.count > own.ids.count - 100, "page \(page)")
            if own.failed, !own.ids.isEmpty { found += 1 }
        }
        #expect(found > 0)
    }

    @Test("An empty moment")
    func empty() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        try await database.seal(minute: 1)
        let batch = try await MomentByID(database.at(try await database.moment(1)))
            .changes(since: .zero, limit: 10, patience: nil)
        #expect(batch.documents == [] && batch.isAtEnd && batch.pending == 0)
    }

    @Test("Sorted are the bytes, the shorter id first")
    func bytes() {
        var sorter = IDSorter(capacity: 1000)
        let names = ["é", "e\u{301}", "z", "", "zz", "a", "Z", "🙂", "a"]
        for (number, name) in names.enumerated() {
            Data(name.utf8).withUnsafeBytes {
                sorter.add(IDSorter.Row(id: Int64(number), hasOthers: false), named: $0)
            }
        }
        let sorted = sorter.sorted().map { names[Int($0.id)] }
        #expect(
            sorted.map { Array($0.utf8) }
                == ["", "Z", "a", "a", "e\u{301}", "z", "zz", "é", "🙂"].map { Array($0.utf8) })
        #expect(!sorter.isFull)
        #expect(IDSorter(capacity: 1000).sorted() == [])
    }
}
