import Foundation
import GRDB
import GRDBSQLite

/// The values of a statement's places, bound one after another.
///
/// For the statements that run once a revision: GRDB's arguments box each value and copy it, which takes longer than SQLite's
/// own work.
struct Values: ~Copyable {
    private let statement: SQLiteStatement
    private var place: Int32 = 0
    fileprivate private(set) var code = SQLITE_OK

    /// SQLite's own constant is a macro that Swift can't read: it makes SQLite copy the bytes.
    private static let isTransient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    fileprivate init(of statement: SQLiteStatement) {
        self.statement = statement
        // What an earlier run ended with was thrown by that run.
        sqlite3_reset(statement)
    }

    mutating func append(_ number: Int64?) {
        place += 1
        note(number.map { sqlite3_bind_int64(statement, place, $0) } ?? sqlite3_bind_null(statement, place))
    }

    mutating func append(_ number: Int?) { append(number.map { Int64($0) }) }

    mutating func append(_ data: Data?) {
        guard let data else { return append(nil as Int64?) }
        data.withUnsafeBytes { append($0) }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        place += 1
        // Without an address SQLite would take it for NULL.
        guard let address = bytes.baseAddress, !bytes.isEmpty else {
            return note(sqlite3_bind_zeroblob(statement, place, 0))
        }
        note(sqlite3_bind_blob64(statement, place, address, sqlite3_uint64(bytes.count), Self.isTransient))
    }

    private mutating func note(_ result: Int32) { if code == SQLITE_OK { code = result } }
}

/// The rows of a statement, one after another.
///
/// Only for use within the access to the database in which it was made; not two at a time of one statement.
struct Rows: ~Copyable {
    private let statement: Statement
    private let database: Database

    fileprivate init(_ statement: Statement, _ database: Database) {
        (self.statement, self.database) = (statement, database)
    }

    // The statement holds SQLite's lock until then.
    deinit { sqlite3_reset(statement.sqliteStatement) }

    /// Reads the next row; nil behind the last one.
    ///
    /// - Parameter read: is given the columns, which are gone when it returns.
    func next<Element>(_ read: (Columns) throws -> Element) throws -> Element? {
        let code = sqlite3_step(statement.sqliteStatement)
        if code == SQLITE_ROW { return try read(Columns(statement: statement.sqliteStatement)) }
        guard code == SQLITE_DONE else { throw database.failure(code) }
        return nil
    }
}

extension Statement {
    /// Runs the statement, with values that `bind` hands over in the order of their places.
    func rows(_ database: Database, _ bind: (inout Values) -> Void = { _ in }) throws -> Rows {
        var values = Values(of: sqliteStatement)
        bind(&values)
        guard values.code == SQLITE_OK else { throw database.failure(values.code) }
        return Rows(self, database)
    }

    /// Runs a statement that has no rows; as ``rows(_:_:)``.
    func run(_ database: Database, _ bind: (inout Values) -> Void) throws {
        let rows = try rows(database, bind)
        while try rows.next({ _ in }) != nil {}
    }
}

extension Database {
    /// What went wrong at the last call.
    fileprivate func failure(_ code: Int32) -> any Error {
        // GRDB interrupts SQLite where the task is cancelled.
        guard code & 0xff != SQLITE_INTERRUPT else { return CancellationError() }
        return DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: sqliteConnection.map { String(cString: sqlite3_errmsg($0)) })
    }
}
