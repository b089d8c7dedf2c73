import CouchDB
import Crypto
import Foundation
import GRDB
import Replication

/// One leaf revision with the time during which it is one: from the moment `added` until before `superseded`.
struct LeafRow: Sendable {
    var id: Int64
    var name: Data
    /// The history, as `PathCoding` writes it.
    var path: Data
    var isDeleted: Bool
    /// The number of its body's row, which in most rows is their own.
    var body: Int64
    var added: Int
    var superseded: Int?
    var digest: LeafDigest
    /// Where the backup is encrypted: sealed histories, which together have the id and every revision of the path.
    var history: Data?

    static let columns = "id, name, path, deleted, body, added, superseded, digest, hash, key, history"

    /// The first 32 bits of a name's SHA-256: random names make a narrow index with it, and any name can be found.
    static func key(_ name: Data) -> Int64 {
        SHA256.hash(data: name).withUnsafeBytes { Int64(Int32(bigEndian: $0.loadUnaligned(as: Int32.self))) }
    }

    init(
        id: Int64, name: Data, path: Data, isDeleted: Bool, body: Int64, added: Int, digest: LeafDigest,
        history: Data? = nil
    ) {
        (self.id, self.name, self.path, self.isDeleted) = (id, name, path, isDeleted)
        (self.body, self.added, self.digest, self.history) = (body, added, digest, history)
    }

    /// Reads a row of the columns, and checks its hash.
    init(_ columns: Columns) throws { (self, _) = try Self.read(columns) }

    /// Reads a row of the columns with its key, and checks its hash.
    static func read(_ columns: Columns) throws -> (row: LeafRow, key: Int64) {
        let id = try columns.integer(0)
        guard let digest = try columns.withBytes(7, { LeafDigest(bytes: $0) }) else { throw damage(id) }
        var row = LeafRow(
            id: id, name: try columns.data(1), path: try columns.data(2), isDeleted: try columns.bool(3),
            body: try columns.optionalInteger(4) ?? id, added: Int(try columns.integer(5)), digest: digest,
            history: try columns.optionalData(10))
        row.superseded = try columns.optionalInteger(6).map { Int($0) }
        let key = try columns.integer(9)
        guard row.hash(key: key) == (try columns.integer(8)) else { throw damage(id) }
        return (row, key)
    }

    /// Reads a row of the columns; nil for one that is damaged, which is as good as gone.
    ///
    /// What a moment has lost so is told by the sum of its leaves.
    static func sound(_ columns: Columns) -> LeafRow? {
        guard case .success(let row) = Result(catching: { try LeafRow(columns) }) else { return nil }
        return row
    }

    /// The id, where the backup is not encrypted.
    var documentID: DocumentID { DocumentID(String(decoding: name, as: UTF8.self)) }

    /// The sealed histories.
    var histories: [Data] {
        var (rest, parts): (Data, [Data]) = (history ?? Data(), [])
        while let part = rest.takePart() { parts.append(part) }
        return parts
    }

    /// Joins sealed histories, each once.
    static func joined(_ histories: [Data]) -> Data? {
        var (joined, seen): (Data, Set<Data>) = (Data(), [])
        for history in histories where seen.insert(history).inserted { joined.append(history, lengthFirst: true) }
        return joined.isEmpty ? nil : joined
    }

    func revisionPath() throws -> RevisionPath {
        guard let path = PathCoding.decode(path) else { throw Self.damage(id) }
        return path
    }

    func insert(key: Int64, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO leaf (id, key, name, path, deleted, body, added, superseded, digest, history, hash) \
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.run(database) { values in
            values.append(id)
            values.append(key)
            values.append(name)
            values.append(path)
            values.append(isDeleted ? 1 : 0)
            values.append(body == id ? nil : body)
            values.append(added)
            values.append(superseded)
            digest.withBytes { values.append($0) }
            values.append(history)
            values.append(hash(key: key))
        }
    }

    /// The digest that the leaf has with a content.
    func digest(document: SHA256Digest, attachments: [Data]) -> LeafDigest {
        LeafDigest(name: name, path: path, isDeleted: isDeleted, document: document, attachments: attachments)
    }

    func digest(of body: StoredBody) -> LeafDigest {
        digest(document: body.hash, attachments: body.attachments.map(\.sha256))
    }

    func digest(of body: CheckableBody) -> LeafDigest {
        digest(document: body.hash, attachments: body.attachments.map(\.sha256))
    }

    /// Ends the leaf's time: the only change that a row ever sees.
    func supersede(at moment: Int, key: Int64, _ database: Database) throws {
        var row = self
        row.superseded = moment
        let statement = try database.cachedStatement(sql: "UPDATE leaf SET superseded = ?, hash = ? WHERE id = ?")
        try statement.run(database) { values in
            values.append(moment)
            values.append(row.hash(key: key))
            values.append(id)
        }
    }

    private func hash(key: Int64) -> Int64 {
        var hash = RowHash(table: "leaf")
        hash.append(id)
        hash.append(key)
        hash.append(name)
        hash.append(path)
        hash.append(isDeleted ? 1 : 0)
        hash.append(body)
        hash.append(Int64(added))
        hash.append(superseded.map(Int64.init))
        digest.withBytes { hash.append($0) }
        hash.append(history?.databaseValue ?? .null)
        return hash.shortValue
    }

    static func damage(_ id: Int64) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "row \(id) of leaf was changed")
    }
}
