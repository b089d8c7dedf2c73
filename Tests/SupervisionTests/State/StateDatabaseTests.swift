import CouchDB
import Foundation
import GRDB
import Testing

@testable import Supervision

@Suite struct StateDatabaseTests {
    private func error(_ body: () async throws -> some Any) async -> StateError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? StateError
        }
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("What a pass leaves comes back")
    func roundTrip() async throws {
        try await withTemporaryFolder { folder in
            var scene = Scene.watched()
            scene.write(10)
            _ = scene.pass()
            var server = ServerMemory()
            server.uuid = "a1"
            let report = Report(
                at: Scene.start,
                pairs: [
                    PairReport(
                        scene.situation, memory: scene.memory, findings: scene.findings,
                        repairs: [
                            RepairRecord(
                                action: "create-replication", at: Scene.start, result: .givenUp, detail: "d", rule: "r")
                        ], source: "http://a/orders", target: "http://b/orders")
                ],
                servers: [ServerReport(name: "production", url: "u", reachable: false, version: nil, findings: [])],
                unprotected: ["production/x"],
                channels: [ChannelReport(channel: "email", lastSent: nil, error: "refused", waiting: 2)])
            var state = try StateDatabase(folder: folder)
            #expect(try await state.lastReport() == nil)
            try await state.store(pairs: ["p": scene.memory], servers: ["s": server], report: report)
            state = try StateDatabase(folder: folder)
            #expect(try await state.pairMemories() == ["p": scene.memory])
            #expect(try await state.serverMemories() == ["s": server])
            #expect(try await state.lastReport() == report)
            #expect(report.verdict == .ok)
        }
    }

    @Test("Unknown lag is written as null")
    func nullLag() throws {
        let text = String(decoding: try JSONEncoder.report.encode(Lag(changes: nil, seconds: nil)), as: UTF8.self)
        #expect(text.contains("\"changes\" : null"))
        #expect(text.contains("\"seconds\" : null"))
    }

    @Test("Nobody else may read it, nor what SQLite puts beside it")
    func permissions() async throws {
        try await withTemporaryFolder { folder in
            let inner = folder + "/state"
            let state = try StateDatabase(folder: inner)
            try await state.store(PairMemory(), for: "p")
            #expect(try mode(inner) == 0o700)
            for file in try FileManager.default.contentsOfDirectory(atPath: inner) {
                #expect(try mode("\(inner)/\(file)") == 0o600, "\(file)")
            }
        }
    }

    @Test("A file of a newer version is refused and stays as it is")
    func newer() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/state.sqlite"
            do {
                let state = try StateDatabase(folder: folder)
                try await state.writing { database in
                    try database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('supervision-99')")
                }
                try await state.writer.writeWithoutTransaction { database in
                    try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                }
                try state.writer.close()
            }
            let before = try Data(contentsOf: URL(filePath: path))
            let error = await error { try StateDatabase(folder: folder) }
            #expect(error?.code == .newer)
            #expect(error?.next.contains("newer couchkeep") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test("A damaged file is refused and stays as it is", arguments: ["text", "header", "page"])
    func damaged(how: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/state.sqlite"
            var bytes = Data("this is no database, but it is long enough to have a header of one, more or less…\n".utf8)
            if how != "text" {
                let state = try StateDatabase(folder: folder)
                try await state.writing { database in
                    for number in 0..<200 {
                        try database.execute(
                            sql: "INSERT INTO pair_memory (key, memory) VALUES (?, ?)",
                            arguments: ["\(number)", String(repeating: "x", count: 300)])
                    }
                }
                try await state.writer.writeWithoutTransaction { database in
                    try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                }
                try state.writer.close()
                bytes = try Data(contentsOf: URL(filePath: path))
                if how == "header" {
                    bytes.replaceSubrange(0..<16, with: Data(repeating: 7, count: 16))
                } else {
                    for page in 2..<bytes.count / 4096 {
                        bytes.replaceSubrange(page * 4096..<page * 4096 + 64, with: Data(repeating: 0xff, count: 64))
                    }
                }
            }
            try bytes.write(to: URL(filePath: path))
            let error = await error { try StateDatabase(folder: folder) }
            #expect(error?.code == .damaged)
            #expect(error?.next.contains("move the file away") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        }
    }

    @Test("A memory that can't be read is damage, not an unnamed error")
    func unreadableMemory() async throws {
        try await withTemporaryFolder { folder in
            let state = try StateDatabase(folder: folder)
            try await state.writing { database in
                try database.execute(
                    sql: "INSERT INTO pair_memory (key, memory) VALUES ('p', ?)", arguments: [Data("{}".utf8)])
            }
            let error = await error { try await state.pairMemories() }
            #expect(error?.code == .damaged)
        }
    }

    @Test("A folder that can't be made or written is named")
    func unwritable() async throws {
        try await withTemporaryFolder { folder in
            // A file in the way stops an administrator too.
            try Data().write(to: URL(filePath: folder + "/file"))
            for path in [folder + "/file/state", "/proc/couchkeep"] {
                let error = await error { try StateDatabase(folder: path) }
                #expect(error?.code == .unwritable, "\(path)")
                #expect(error?.description.contains(path) == true)
            }
            let lock = await error { try StateLock(folder: folder + "/file") }
            #expect(lock?.code == .unwritable)
        }
    }

    @Test("Too many open files are no want of rights, and not told as it", arguments: [true, false])
    func tooManyFiles(lacksFiles: Bool) {
        let failed = DatabaseError(resultCode: .SQLITE_CANTOPEN)
        let opened = StateError.wrapping(failed, path: "/state", lacksFiles: lacksFiles) as? StateError
        let made = StateError(making: "/state", number: lacksFiles ? EMFILE : EACCES)
        for error in [opened, made] {
            #expect(error?.code == (lacksFiles ? .tooManyFiles : .unwritable))
            #expect(error?.next.contains("ulimit -n") == lacksFiles)
        }
    }

    @Test("The journal keeps each repair with its evidence")
    func journal() async throws {
        try await withTemporaryFolder { folder in
            let state = try StateDatabase(folder: folder)
            let record = RepairRecord(
                action: "reset-checkpoints", at: Scene.start, result: .done, detail: "d", rule: "target-rolled-back")
            try await state.note(record, pair: "p", evidence: ["sourceLog": ["a": 1]])
            let old = RepairRecord(
                action: "x", at: Scene.start.addingTimeInterval(-400 * 86400), result: .done, detail: "", rule: "")
            try await state.note(old, pair: "p")
            try await state.note(record, pair: "p")
            let rows = try await state.reading { database in
                try Row.fetchAll(database, sql: "SELECT action, evidence FROM repair ORDER BY id").map {
                    ($0["action"] as String, $0["evidence"] as Data?)
                }
            }
            #expect(rows.map(\.0) == ["reset-checkpoints", "reset-checkpoints"])
            #expect(rows[0].1 == Data(#"{"sourceLog":{"a":1}}"#.utf8))
        }
    }
}
