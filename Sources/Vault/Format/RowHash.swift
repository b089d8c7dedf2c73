import Crypto
import Foundation
import GRDB

/// The hash that every row carries: the first eight bytes of SHA-256 over the table's name and all other values.
///
/// It finds accidents. Whoever can write to the vault can write a fitting hash.
struct RowHash {
    private var hasher = SHA256()

    init(table: String) { append(table) }

    static func of(table: String, _ values: [(any DatabaseValueConvertible)?]) -> Int64 {
        var hash = RowHash(table: table)
        for value in values { hash.append(value?.databaseValue ?? .null) }
        return hash.value
    }

    mutating func append(_ value: DatabaseValue) {
        switch value.storage {
        case .null: append(tag: 0, 0)
        case .int64(let number): append(number)
        case .double(let number): append(tag: 2, number.bitPattern)
        case .string(let text): append(text)
        case .blob(let data): append(data)
        }
    }

    mutating func append(_ number: Int64?) {
        guard let number else { return append(tag: 0, 0) }
        append(tag: 1, UInt64(bitPattern: number))
    }

    mutating func append(_ text: String) {
        append(tag: 3, UInt64(text.utf8.count))
        var text = text
        text.withUTF8 { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }

    mutating func append(_ data: Data) {
        append(tag: 4, UInt64(data.count))
        hasher.update(data: data)
    }

    private mutating func append(tag: UInt8, _ number: UInt64) {
        var bytes = (tag, number.littleEndian)
        withUnsafeBytes(of: &bytes.0) { hasher.update(bufferPointer: $0) }
        withUnsafeBytes(of: &bytes.1) { hasher.update(bufferPointer: $0) }
    }

    var value: Int64 {
        hasher.finalize().withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    }
}
