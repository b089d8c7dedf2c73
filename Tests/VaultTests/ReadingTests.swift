import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

@Suite("What is being read is not pruned")
struct ReadingTests {
    private static let policy = KeepPolicy(last: 1)

    /// A backup of one document with four moments.
    private static func fill(_ folder: TemporaryVault) async throws -> VaultDatabase {
        let database = try await folder.database()
        var path: RevisionPath?
        for minute in 1...4 {
            let revision = try DocumentModel.revision("doc", on: path, members: #""minute":\#(minute)"#)
            path = revision.path
            _ = try await database.store([revision], checkpoint: nil)
            try await database.seal(minute: minute)
        }
        return database
    }

    private static func plan(_ database: VaultDatabase) async throws -> PrunePlan {
        try await database.prunePlan(policy, now: TemporaryVault.start)
    }

    /// The files of readers.
    private static func files(_ folder: TemporaryVault) throws -> [String] {
        let parent = URL(fileURLWithPath: try folder.file()).deletingLastPathComponent().path
        return try FileManager.default.contentsOfDirectory(atPath: parent).filter { $0.hasPrefix("reading-") }
    }

    @Test("A moment is kept from its first reading on, and dropped behind its reader")
    func kept() async throws {
        let folder = TemporaryVault()
        let writer = try await Self.fill(folder)
        let reader = try await folder.database(isWriting: false)
        let past = reader.at(try await reader.moment(2))
        #expect(try await Self.plan(writer).dropped.map(\.number) == [1, 2, 3])
        #expect(try await past.contents().count == 1)
        let plan = try await Self.plan(writer)
        #expect(plan.decisions.map(\.reasons) == [[], [.beingRead], [], [.newest, .lastComplete, .last]])
        #expect(try await writer.prune(plan, isConfirmed: true).moments == 2)
        #expect(try await past.contents().map { String(decoding: $0.document, as: UTF8.self) }[0].contains(#":2"#))
        past.reading?.release()
        #expect(try Self.files(folder) == [])
        #expect(try await writer.prune(Self.plan(writer), isConfirmed: true).moments == 1)
        #expect(try await writer.moments().map(\.number) == [4])
        #expect(try await writer.check(readData: true).problems == [])
    }

    @Test("Two may read a moment; it stays until both have ended")
    func two() async throws {
        let folder = TemporaryVault()
        let writer = try await Self.fill(folder)
        let reader = try await folder.database(isWriting: false)
        let (one, other) = (reader.at(try await reader.moment(1)), reader.at(try await reader.moment(1)))
        try await one.hold()
        try await other.hold()
        one.reading?.release()
        #expect(try await Self.plan(writer).dropped.map(\.number) == [2, 3])
        other.reading?.release()
        #expect(try await Self.plan(writer).dropped.map(\.number) == [1, 2, 3])
    }

    @Test("A moment that began to be read since the plan was made is not dropped")
    func late() async throws {
        let folder = TemporaryVault()
        let writer = try await Self.fill(folder)
        let reader = try await folder.database(isWriting: false)
        let plan = try await Self.plan(writer)
        let past = reader.at(try await reader.moment(3))
        try await past.hold()
        let error = await #expect(throws: VaultError.self) { try await writer.prune(plan, isConfirmed: true) }
        #expect(error?.code == .refused)
        #expect(try await writer.moments().count == 4)
        #expect(try await past.contents().count == 1)
        past.reading?.release()
    }

    @Test("Who begins to read behind a pruning is told that the moment is gone")
    func gone() async throws {
        let folder = TemporaryVault()
        let writer = try await Self.fill(folder)
        let reader = try await folder.database(isWriting: false)
        let past = reader.at(try await reader.moment(1))
        _ = try await writer.prune(Self.plan(writer), isConfirmed: true)
        let error = await #expect(throws: VaultError.self) { try await past.hold() }
        #expect(error?.code == .unknownMoment)
    }

    @Test("What a killed process has left keeps nothing, and is removed")
    func leftover() async throws {
        let folder = TemporaryVault()
        let writer = try await Self.fill(folder)
        let parent = URL(fileURLWithPath: try folder.file()).deletingLastPathComponent()
        for name in ["reading-1", "reading-4"] { try Data().write(to: parent.appendingPathComponent(name)) }
        let plan = try await Self.plan(writer)
        #expect(plan.dropped.map(\.number) == [1, 2, 3])
        #expect(try Self.files(folder).count == 2)
        #expect(try await writer.prune(plan, isConfirmed: true).moments == 3)
        #expect(try Self.files(folder) == [])
    }

    @Test("Where no file can be made, there is no lock and no error")
    func nowhere() {
        let lock = ReadingLock(folder: "/dev/null/none", moment: 1)
        lock.take()
        lock.release()
    }
}
