import GRDB

extension Row {
    /// The value of a column; a damaged file may have one of any type there.
    func checked<Value: DatabaseValueConvertible>(_ index: Int) throws -> Value {
        guard let value = Value.fromDatabaseValue(self[index]) else { throw Self.damage(of: index) }
        return value
    }

    /// The value of a column, or nil where there is none.
    func checkedOptional<Value: DatabaseValueConvertible>(_ index: Int) throws -> Value? {
        let found: DatabaseValue = self[index]
        if found.isNull { return nil }
        guard let value = Value.fromDatabaseValue(found) else { throw Self.damage(of: index) }
        return value
    }

    private static func damage(of index: Int) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(index) of a row has a value of another type")
    }
}
