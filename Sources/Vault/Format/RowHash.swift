import Crypto
import Foundation
import GRDB

/// The hash that every row carries: the first eight bytes of SHA-256 over the table's name and all other values.
///
/// It finds accidents. Whoever can write to the vault can write a fitting hash.
struct RowHash {
    /// Hashed in one call, which takes half of the time of many.
    private var bytes: [UInt8] = []

    init(table: String) {
        bytes.reserveCapacity(256)
        append(table)
    }

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
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ data: Data) { data.withUnsafeBytes { append($0) } }

    mutating func append(_ blob: UnsafeRawBufferPointer) {
        append(tag: 4, UInt64(blob.count))
        bytes.append(contentsOf: blob)
    }

    private mutating func append(tag: UInt8, _ number: UInt64) {
        bytes.append(tag)
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    var value: Int64 {
        SHA256.hash(data: bytes).withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    }

    /// The first four bytes alone, for the table with the most rows.
    var shortValue: Int64 {
        SHA256.hash(data: bytes).withUnsafeBytes { Int64(Int32(littleEndian: $0.loadUnaligned(as: Int32.self))) }
    }
}
