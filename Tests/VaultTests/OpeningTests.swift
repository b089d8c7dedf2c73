import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("Opening a vault")
struct OpeningTests {
    private func code(_ body: () async throws -> Void) async -> VaultError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? VaultError)?.code
        }
    }

    @Test("A folder with other things in it is no vault, and is left alone")
    func notAVault() async throws {
        let folder = TemporaryVault()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data("hello".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/letter.txt"))
        #expect(await code { _ = try await folder.database() } == .notAVault)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["letter.txt"])
    }

    @Test("A file, a missing folder and a file that isn't SQLite are no vault")
    func others() async throws {
        let folder = TemporaryVault()
        #expect(await code { _ = try await folder.database(isWriting: false) } == .notAVault)
        try Data("hello".utf8).write(to: URL(fileURLWithPath: folder.path))
        #expect(await code { _ = try await folder.database() } == .notAVault)
        try FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data(repeating: 65, count: 5000).write(to: URL(fileURLWithPath: "\(folder.path)/catalogue.sqlite"))
        #expect(await code { _ = try await folder.database() } == .notAVault)
    }

    @Test("An SQLite file of another program in the place of a backup's is damage")
    func foreign() async throws {
        let folder = TemporaryVault()
        try await folder.database().close()
        let file = try folder.file()
        try FileManager.default.removeItem(atPath: file)
        let queue = try DatabaseQueue(path: file)
        try await queue.write { try $0.execute(sql: "CREATE TABLE t (a)") }
        try queue.close()
        #expect(await code { _ = try await folder.database() } == .damaged)
    }

    @Test("A newer format is refused, for reading too, and not changed", arguments: ["catalogue", "database"])
    func newer(which: String) async throws {
        let folder = TemporaryVault()
        try await folder.database().close()
        let file = which == "catalogue" ? "\(folder.path)/catalogue.sqlite" : try folder.file()
        let queue = try DatabaseQueue(path: file)
        try await queue.write { try $0.execute(sql: "PRAGMA user_version = 2") }
        try queue.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(await code { _ = try await folder.database() } == .newer)
        #expect(await code { _ = try await folder.database(isWriting: false) } == .newer)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    }

    @Test("A check does not call a newer format damaged")
    func newerIsNotDamaged() async throws {
        let folder = TemporaryVault()
        try await folder.database().close()
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { try $0.execute(sql: "PRAGMA user_version = 2") }
        try queue.close()
        let vault = try await Vault(at: folder.path, create: false, now: TemporaryVault.start)
        #expect(await code { _ = try await vault.check(readData: true) } == .newer)
    }

    @Test("A check goes on past a backup of a newer format")
    func oneOfSeveralIsNewer() async throws {
        let folder = TemporaryVault()
        try await folder.database().close()
        let file = try folder.file()
        for name in ["invoices", "users"] {
            let other = try await folder.database(name)
            try await other.seal(minute: 1)
            try await other.close()
        }
        let queue = try DatabaseQueue(path: file)
        try await queue.write { try $0.execute(sql: "PRAGMA user_version = 2") }
        try queue.close()
        let vault = try await Vault(at: folder.path, create: false, now: TemporaryVault.start)
        #expect(await code { _ = try await vault.check(only: "orders", readData: true) } == .newer)
        let reports = try await vault.check(readData: true)
        #expect(Set(reports.map(\.name)) == ["", "invoices", "orders", "users"])
        for (name, report) in reports {
            #expect(!report.isDamaged, "\(name)")
            #expect(report.unread?.code == (name == "orders" ? .newer : nil), "\(name)")
            #expect(report.isSound == (name != "orders"), "\(name)")
        }
    }

    @Test("One writes, others read meanwhile")
    func writers() async throws {
        let folder = TemporaryVault()
        let writer = try await folder.database()
        _ = try await writer.store([try DocumentModel.revision("a")], checkpoint: nil)
        #expect(await code { _ = try await folder.database() } == .locked)
        let reader = try await folder.database(isWriting: false)
        #expect(try await reader.contents().count == 1)
        #expect(await code { _ = try await reader.store([], checkpoint: nil) } == .readOnly)
        _ = try await writer.store([try DocumentModel.revision("b")], checkpoint: nil)
        #expect(try await reader.contents().count == 2)
        #expect(await code { _ = try await folder.database("invoices") } == nil)
    }

    @Test("The past can't be written to")
    func past() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        let moment = try await database.seal(minute: 1)
        let past = database.at(moment)
        #expect(await code { _ = try await past.store([], checkpoint: nil) } == .readOnly)
        #expect(await code { _ = try await past.seal(minute: 2) } == .readOnly)
    }

    @Test("A time before the first moment is an error that names the first")
    func tooEarly() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        try await database.seal(minute: 10)
        let second = try await database.seal(minute: 20)
        let start = TemporaryVault.start
        #expect(await code { _ = try await database.at(start) } == .unknownMoment)
        #expect(try await database.at(start.addingTimeInterval(1_300)).moment == second)
        #expect(try await database.at(start.addingTimeInterval(700)).moment?.number == 1)
    }

    @Test("The file of another backup in its place is found")
    func swapped() async throws {
        let (one, two) = (TemporaryVault(), TemporaryVault())
        try await one.database().close()
        try await two.database().close()
        let file = try one.file()
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: try two.file(), toPath: file)
        #expect(await code { _ = try await one.database() } == .otherDatabase)
        let vault = try await Vault(at: one.path, create: false, now: TemporaryVault.start)
        #expect(try await vault.check(readData: true).contains { $0.report.isDamaged })
    }

    @Test("An older copy in its place is found")
    func older() async throws {
        let folder = TemporaryVault()
        var database = try await folder.database()
        try await database.seal(minute: 1)
        try await database.close()
        let file = try folder.file()
        let copy = try Data(contentsOf: URL(fileURLWithPath: file))
        database = try await folder.database()
        try await database.seal(minute: 2)
        try await database.close()
        try copy.write(to: URL(fileURLWithPath: file))
        #expect(await code { _ = try await folder.database() } == .damaged)
        let vault = try await Vault(at: folder.path, create: false, now: TemporaryVault.start)
        #expect(try await vault.check(readData: true).contains { !$0.report.isSound })
    }

    @Test("A file that was cut off is found")
    func truncated() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        let revisions = try (0..<300).map {
            try DocumentModel.revision(DocumentID("doc \($0)"), members: #""n":\#($0)"#)
        }
        _ = try await database.store(revisions, checkpoint: nil)
        try await database.seal(minute: 1)
        try await database.close()
        let file = URL(fileURLWithPath: try folder.file())
        let whole = try Data(contentsOf: file)
        for part in [whole.count - 1, whole.count - 8192, whole.count / 2, 8192, 100, 0] {
            try whole.prefix(part).write(to: file)
            let vault = try await Vault(at: folder.path, create: false, now: TemporaryVault.start)
            #expect(try await vault.check(readData: true).contains { !$0.report.isSound }, "\(part) bytes")
        }
    }

    @Test("A document that is read again and again from a damaged file is set aside, never handed out")
    func damagedBody() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store([try DocumentModel.revision("a", members: #""b":"cccc""#)], checkpoint: nil)
        try await database.file.writer?.write { try $0.execute(sql: "UPDATE body SET data = zeroblob(length(data))") }
        await #expect(throws: VaultError.self) { _ = try await database.contents() }
        #expect(try await !database.check(readData: true).isSound)
    }
}
