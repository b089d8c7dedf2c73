import Foundation
import GRDB
import Testing

@testable import Vault

@Suite("Rows of a statement", .timeLimit(.minutes(2)))
struct RowsTests {
    @Test("Values come back as they were bound: numbers, nothing, and bytes, none among them")
    func values() throws {
        try DatabaseQueue().write { database in
            try database.execute(sql: "CREATE TABLE t (a, b, c, d, e)")
            let insert = try database.cachedStatement(sql: "INSERT INTO t VALUES (?, ?, ?, ?, ?)")
            for number in [Int64.min, 0, .max] {
                try insert.run(database) { values in
                    values.append(number)
                    values.append(nil as Int64?)
                    values.append(Data([0, 1, 255]))
                    values.append(Data())
                    values.append(nil as Data?)
                }
            }
            let rows = try database.cachedStatement(sql: "SELECT a, b, c, d, e FROM t ORDER BY a").rows(database)
            var numbers: [Int64] = []
            while let number = try rows.next({ columns in
                #expect(try columns.optionalInteger(1) == nil)
                #expect(try columns.data(2) == Data([0, 1, 255]))
                #expect(try columns.has(Data([0, 1, 255]), at: 2) && !columns.has(Data([0, 1]), at: 2))
                #expect(try columns.data(3) == Data())
                #expect(try columns.optionalData(4) == nil)
                return try columns.integer(0)
            }) { numbers.append(number) }
            #expect(numbers == [.min, 0, .max])
        }
    }

    @Test("What SQLite refuses is its error, and the statement can be run again")
    func refused() throws {
        try DatabaseQueue().write { database in
            try database.execute(sql: "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB NOT NULL)")
            let insert = try database.cachedStatement(sql: "INSERT INTO t VALUES (?, ?)")
            func add(_ data: Data?) throws {
                try insert.run(database) { values in
                    values.append(1)
                    values.append(data)
                }
            }
            let error = #expect(throws: DatabaseError.self) { try add(nil) }
            #expect(error?.resultCode == .SQLITE_CONSTRAINT)
            #expect(error?.message?.contains("NOT NULL") == true)
            try add(Data([1]))
            #expect(throws: DatabaseError.self) { try add(Data([1])) }
        }
    }

    @Test("A statement that is under way when its task is cancelled ends with the cancellation")
    func cancelled() async throws {
        let (hasBegun, begin) = AsyncStream.makeStream(of: Void.self)
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            // Called once, within the statement.
            database.add(
                function: DatabaseFunction("begun", argumentCount: 0) { _ in
                    begin.yield()
                    return 1
                })
        }
        let queue = try DatabaseQueue(configuration: configuration)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await queue.read { database in
                    let endless = try database.makeStatement(
                        sql: """
                            WITH RECURSIVE c(x) AS (SELECT begun() UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c
                            """)
                    _ = try endless.rows(database).next { try $0.integer(0) }
                }
            }
            for await _ in hasBegun { break }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        }
    }
}
