import Crypto
import Foundation
import GRDB

/// An attachment as the vault stores it.
struct StoredAttachment: Hashable, Sendable {
    var id: Int64
    var sha256: Data
    var size: Int
    var isFile: Bool
}

/// A document with its attachments, as the vault stores it.
struct StoredBody: Hashable, Sendable {
    var document: Data
    var attachments: [StoredAttachment]

    var hash: SHA256Digest { SHA256.hash(data: document) }
}

/// Reads bodies within one transaction.
struct BodyReading {
    let database: Database
    private let decompressor: FrameDecompressor
    private var dictionaries: [Int: CompressionDictionary] = [:]

    init(_ database: Database) throws {
        self.database = database
        decompressor = try FrameDecompressor()
        for dictionary in try Self.dictionaries(database) { dictionaries[dictionary.id] = dictionary }
    }

    /// A body; nil where there is none, or where it can't be read.
    mutating func body(_ id: Int64) throws -> StoredBody? {
        let statement = try database.cachedStatement(
            sql: "SELECT coding, size, attachments, data FROM body WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id]) else { return nil }
        guard let coding = BodyCoding(number: try row.checked(0)) else { return nil }
        let document = try decompressor.decompress(
            try row.checked(3), coding: coding, size: try row.checked(1)
        ) { [dictionaries] in dictionaries[$0] }
        guard let document else { return nil }
        guard let list: Data = try row.checkedOptional(2) else {
            return StoredBody(document: document, attachments: [])
        }
        guard let attachments = try attachments(list) else { return nil }
        return StoredBody(document: document, attachments: attachments)
    }

    /// The rows that a body's list of attachments names; nil where one is missing.
    private func attachments(_ list: Data) throws -> [StoredAttachment]? {
        let statement = try database.cachedStatement(
            sql: "SELECT sha256, size, data IS NULL FROM attachment WHERE id = ?")
        var attachments: [StoredAttachment] = []
        for id in AttachmentList.decode(list) {
            guard let row = try Row.fetchOne(statement, arguments: [id]) else { return nil }
            attachments.append(
                StoredAttachment(
                    id: id, sha256: try row.checked(0), size: try row.checked(1), isFile: try row.checked(2)))
        }
        return attachments
    }

    static func dictionaries(_ database: Database) throws -> [CompressionDictionary] {
        try Row.fetchAll(database, sql: "SELECT id, data FROM dictionary ORDER BY id").map {
            CompressionDictionary(id: try $0.checked(0), bytes: try $0.checked(1))
        }
    }
}

/// The numbers of a body's attachments, in the document's order, eight bytes each.
enum AttachmentList {
    static func encode(_ ids: [Int64]) -> Data? {
        guard !ids.isEmpty else { return nil }
        var data = Data(capacity: ids.count * 8)
        for id in ids { withUnsafeBytes(of: id.littleEndian) { data.append(contentsOf: $0) } }
        return data
    }

    static func decode(_ data: Data) -> [Int64] {
        data.withUnsafeBytes { bytes in
            stride(from: 0, to: data.count - 7, by: 8).map {
                Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self))
            }
        }
    }
}
