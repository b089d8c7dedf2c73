import CouchDB
import Foundation
import GRDB
import Replication

/// How ids and revisions are written into a backup: as they are, or as keyed digests beside a sealed history.
///
/// The digests have the form of revisions, so that trees, histories and what is missing can be worked out of them by a
/// machine that can't read.
struct Naming: Sendable {
    /// nil where the backup is not encrypted.
    let keyring: Keyring?

    func name(_ id: DocumentID) -> Data {
        let name = Data(id.text.utf8)
        return keyring?.token("id", [name]) ?? name
    }

    func revision(_ revision: RevisionID, name: Data) -> RevisionID {
        guard let keyring else { return revision }
        let token = keyring.token("revision", [name, Data(revision.description.utf8)]).prefix(16)
        let digits = token.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return RevisionID(generation: revision.generation, hash: digits)
    }

    func path(_ path: RevisionPath, name: Data) -> RevisionPath {
        guard keyring != nil else { return path }
        // The generations are the same ones.
        return RevisionPath(path.revisions.map { revision($0, name: name) }) ?? path
    }

    /// The document's id and the history of a row.
    ///
    /// - Throws: `DatabaseError` where they are not what was written; `VaultError` where the key can't read.
    func reveal(_ row: LeafRow, _ database: Database) throws -> (id: DocumentID, path: RevisionPath) {
        guard let keyring else { return (row.documentID, try row.revisionPath()) }
        var known: [RevisionID: RevisionID] = [:]
        var id: DocumentID?
        for segment in row.histories {
            guard let history = try history(segment, of: row.name, keyring, database), name(history.id) == row.name
            else { throw LeafRow.damage(row.id) }
            id = history.id
            for revision in history.path.revisions { known[self.revision(revision, name: row.name)] = revision }
        }
        let revisions = try row.revisionPath().revisions.compactMap { known[$0] }
        guard let id, let path = RevisionPath(revisions),
            path.revisions.count == (try row.revisionPath().revisions.count)
        else { throw LeafRow.damage(row.id) }
        return (id, path)
    }

    /// The document's id of a row.
    ///
    /// - Throws: as ``reveal(_:_:)``.
    func id(of row: LeafRow, _ database: Database) throws -> DocumentID {
        keyring == nil ? row.documentID : try reveal(row, database).id
    }

    /// Hands out the bytes of a row's id, for sorting alone: nothing is checked.
    ///
    /// - Parameter columns: the row's number, name and history.
    /// - Throws: as ``reveal(_:_:)``.
    func withID(of columns: Columns, _ database: Database, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        guard let keyring else { return try columns.withBytes(1, body) }
        let name = try columns.data(1)
        var sealed = try columns.optionalData(2) ?? Data()
        guard let segment = sealed.takePart(), let id = try history(segment, of: name, keyring, database)?.id
        else { throw LeafRow.damage(try columns.integer(0)) }
        Data(id.text.utf8).withUnsafeBytes(body)
    }

    /// What a sealed segment of a row's history says; nil where it is not what was sealed.
    private func history(
        _ segment: Data, of name: Data, _ keyring: Keyring, _ database: Database
    ) throws -> History? {
        try keyring.open(segment, .history, [name], database).flatMap { History($0) }
    }

    /// The leaves as CouchDB lists them: those that are not deleted before the others, then the larger revision first.
    func winnerFirst(_ rows: [LeafRow], _ database: Database) throws -> [Leaf] {
        let leaves = try rows.map { Leaf(try reveal($0, database).path.leaf, isDeleted: $0.isDeleted) }
        guard leaves.count > 1 else { return leaves }
        return leaves.sorted { $0.isDeleted == $1.isDeleted ? $0.revision > $1.revision : !$0.isDeleted }
    }
}

/// What a leaf's sealed history says: the document's id and revisions.
struct History {
    var id: DocumentID
    var path: RevisionPath

    init(id: DocumentID, path: RevisionPath) { (self.id, self.path) = (id, path) }

    init?(_ data: Data) {
        var data = data
        guard let name = data.takePart(), let path = PathCoding.decode(data) else { return nil }
        (id, self.path) = (DocumentID(String(decoding: name, as: UTF8.self)), path)
    }

    var data: Data {
        var data = Data()
        data.append(Data(id.text.utf8), lengthFirst: true)
        return data + PathCoding.encode(path)
    }
}
