import Foundation
import GRDB
import GRDBSQLite

/// The columns of one row as SQLite holds them, each checked for its type: a damaged file may have any there.
///
/// For the tables with many rows, which GRDB's `Row` takes three times as long to read.
struct Columns {
    let statement: SQLiteStatement

    func integer(_ index: Int32) throws -> Int64 {
        guard sqlite3_column_type(statement, index) == SQLITE_INTEGER else { throw damage(of: index) }
        return sqlite3_column_int64(statement, index)
    }

    func optionalInteger(_ index: Int32) throws -> Int64? { isNull(index) ? nil : try integer(index) }

    func bool(_ index: Int32) throws -> Bool { try integer(index) != 0 }

    func data(_ index: Int32) throws -> Data {
        try withBytes(index) { bytes in bytes.baseAddress.map { Data(bytes: $0, count: bytes.count) } ?? Data() }
    }

    /// Whether a blob has these bytes.
    func has(_ data: Data, at index: Int32) throws -> Bool {
        try withBytes(index) { bytes in data.withUnsafeBytes { bytes.elementsEqual($0) } }
    }

    func optionalData(_ index: Int32) throws -> Data? { isNull(index) ? nil : try data(index) }

    /// The bytes of a blob, which are SQLite's and gone with the row.
    func withBytes<Result>(_ index: Int32, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        guard sqlite3_column_type(statement, index) == SQLITE_BLOB else { throw damage(of: index) }
        // An empty blob has no address.
        let bytes = sqlite3_column_blob(statement, index)
        return try body(
            UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : Int(sqlite3_column_bytes(statement, index))))
    }

    private func isNull(_ index: Int32) -> Bool { sqlite3_column_type(statement, index) == SQLITE_NULL }

    private func damage(of index: Int32) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(index) of a row has a value of another type")
    }
}
