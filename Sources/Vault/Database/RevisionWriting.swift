import CouchDB
import Foundation
import GRDB
import Replication

/// Writes revisions within one transaction, and keeps the counts and the sum of the current leaves.
struct RevisionWriting {
    let file: VaultFile
    let database: Database
    private var state: StateRow
    private let horizon: Horizon
    private let limit: Int
    /// The number of the next leaf, and of its body where it gets one.
    private var nextLeaf: Int64
    private var nextAttachment: Int64
    /// Made when a stored body has to be looked at, which few revisions need.
    private var bodies: BodyReading?

    /// CouchDB's own limit of known ancestors.
    private static let usualLimit = 1000

    init(file: VaultFile, database: Database) throws {
        (self.file, self.database) = (file, database)
        state = try StateRow(database)
        horizon = Horizon(first: state.first, moment: nil)
        limit = try SettingRow.current(.revisionsLimit, horizon, database).flatMap(Int.init) ?? Self.usualLimit
        func next(_ table: String) throws -> Int64 {
            (try Int64.fetchOne(database, sql: "SELECT max(id) FROM \(table)") ?? 0) + 1
        }
        (nextLeaf, nextAttachment) = (max(try next("leaf"), try next("body")), try next("attachment"))
    }

    /// Writes what the revisions changed in the counts.
    func finish() throws { try state.write(database) }

    /// Takes in a revision as a write with `new_edits: false` does.
    mutating func store(_ revision: PreparedRevision) throws {
        // Most documents of a first backup are new, which the index alone tells.
        let rows =
            try Horizon.knows(key: revision.key, database)
            ? try horizon.leaves(key: revision.key, name: revision.name, expectsSound: true, database) : []
        guard !rows.isEmpty else {
            try add(revision, path: revision.path, among: [])
            state.documents += revision.isDeleted ? 0 : 1
            state.deleted += revision.isDeleted ? 1 : 0
            return
        }
        // Most others are an edit of a document without conflicts.
        if rows.count == 1, let path = revision.path.joined(to: try rows[0].revisionPath()) {
            try end(rows[0], key: revision.key)
            try add(revision, path: stemmed(path, of: revision), among: rows)
            count(wasDeleted: rows[0].isDeleted, isDeleted: revision.isDeleted)
            return
        }
        var tree = RevisionTree<LeafRow?>()
        for row in rows { tree.insert(try row.revisionPath(), isDeleted: row.isDeleted, body: row) }
        let known = digest(of: revision, path: PathCoding.encode(revision.path))
        guard !rows.contains(where: { $0.digest == known }) else { return }
        let wasDeleted = tree.isDeleted
        tree.insert(revision.path, isDeleted: revision.isDeleted, body: .some(nil))
        for row in rows {
            let path = try row.revisionPath()
            guard tree.isLeaf(path.leaf) else {
                try end(row, key: revision.key)
                continue
            }
            // A history can turn out to be longer than was known.
            guard let longer = tree.path(to: path.leaf)?.stemmed(to: max(limit, path.revisions.count)),
                longer.revisions.count > path.revisions.count, longer.revisions.starts(with: path.revisions)
            else { continue }
            try renew(row, path: longer, key: revision.key, histories: histories(rows, revision))
        }
        if tree.isLeaf(revision.path.leaf), !rows.contains(where: { isSame($0, revision) }),
            let known = tree.path(to: revision.path.leaf)
        {
            // A history that disagrees with the known one stays as it came: the document's body holds it too.
            let path = known.revisions.starts(with: revision.path.revisions) ? known : revision.path
            try add(revision, path: stemmed(path, of: revision), among: rows)
        }
        count(wasDeleted: wasDeleted, isDeleted: tree.isDeleted)
    }

    private mutating func count(wasDeleted: Bool, isDeleted: Bool) {
        let change = (isDeleted ? 1 : 0) - (wasDeleted ? 1 : 0)
        state.deleted += change
        state.documents -= change
    }

    /// A path without what the source would have forgotten of it, but never shorter than the source gave it.
    private func stemmed(_ path: RevisionPath, of revision: PreparedRevision) -> RevisionPath {
        path.stemmed(to: max(limit, revision.path.revisions.count))
    }

    /// Ends leaves that the source has no more and that nothing has replaced there, and tells how many there were.
    mutating func forget(_ document: DocumentLeaves, _ naming: Naming) throws -> Int {
        let name = naming.name(document.id)
        let key = LeafRow.key(name)
        let forgotten = Set(document.revisions.map { naming.revision($0, name: name) })
        let rows = try horizon.leaves(key: key, name: name, expectsSound: true, database)
        let ended = try rows.filter { forgotten.contains(try $0.revisionPath().leaf) }
        guard !ended.isEmpty else { return 0 }
        for row in ended { try end(row, key: key) }
        let (wasDeleted, left) = (rows.allSatisfy(\.isDeleted), rows.count - ended.count)
        let isDeleted = rows.count { $0.isDeleted } - ended.count { $0.isDeleted } == left
        if wasDeleted { state.deleted -= 1 } else { state.documents -= 1 }
        if left > 0 { if isDeleted { state.deleted += 1 } else { state.documents += 1 } }
        return ended.count
    }

    private func isSame(_ row: LeafRow, _ revision: PreparedRevision) -> Bool {
        PathCoding.decode(row.path)?.leaf == revision.path.leaf
    }

    private func digest(of revision: PreparedRevision, path: Data) -> LeafDigest {
        LeafDigest(
            name: revision.name, path: path, isDeleted: revision.isDeleted,
            document: revision.documentHash, attachments: revision.attachments.map(\.sha256))
    }

    /// All sealed histories of a document, of which a longer path may have its revisions.
    private func histories(_ rows: [LeafRow], _ revision: PreparedRevision) -> Data? {
        LeafRow.joined([revision.history].compactMap { $0 } + rows.flatMap(\.histories))
    }

    private mutating func add(_ revision: PreparedRevision, path: RevisionPath, among rows: [LeafRow]) throws {
        let encoded = PathCoding.encode(path)
        let digest = digest(of: revision, path: encoded)
        let row = LeafRow(
            id: nextLeaf, name: revision.name, path: encoded, isDeleted: revision.isDeleted,
            body: try storedBody(of: revision, digest) ?? addBody(of: revision), added: state.moment,
            digest: digest,
            history: histories(path.revisions.count > revision.path.revisions.count ? rows : [], revision))
        try insert(row, key: revision.key)
    }

    private mutating func insert(_ row: LeafRow, key: Int64) throws {
        try row.insert(key: key, database)
        nextLeaf += 1
        state.leaves += 1
        state.digest += row.digest
    }

    private mutating func end(_ row: LeafRow, key: Int64) throws {
        try row.supersede(at: state.moment, key: key, database)
        state.leaves -= 1
        state.digest -= row.digest
    }

    /// Writes a leaf again with a longer history and the same body, unless that is damaged: a new digest would call it sound.
    private mutating func renew(_ row: LeafRow, path: RevisionPath, key: Int64, histories: Data?) throws {
        guard let body = try wholeBody(of: row) else { return }
        try end(row, key: key)
        let encoded = PathCoding.encode(path)
        let digest = LeafDigest(
            name: row.name, path: encoded, isDeleted: row.isDeleted, document: body.hash,
            attachments: body.attachments.map(\.sha256))
        try insert(
            LeafRow(
                id: nextLeaf, name: row.name, path: encoded, isDeleted: row.isDeleted, body: row.body,
                added: state.moment, digest: digest, history: histories),
            key: key)
    }

    /// The body of the same revision in an older epoch, so that a source that is read again takes no more room; nil where it
    /// is damaged.
    private mutating func storedBody(of revision: PreparedRevision, _ digest: LeafDigest) throws -> Int64? {
        guard state.first > 1 else { return nil }
        let rows = try database.cachedStatement(
            sql: "SELECT \(LeafRow.columns) FROM leaf WHERE key = ? AND digest = ? LIMIT 1"
        ).rows(database) { values in
            values.append(revision.key)
            digest.withBytes { values.append($0) }
        }
        // A damaged row of the past is none to go on from.
        guard case .success(let row) = try rows.next({ columns in Result { try LeafRow(columns) } }),
            try wholeBody(of: row) != nil
        else { return nil }
        for attachment in revision.attachments { try attachment.putBack(in: file, database) }
        return row.body
    }

    /// A stored body; nil where it is not what was stored.
    private mutating func wholeBody(of row: LeafRow) throws -> CheckableBody? {
        var reading = try bodies ?? BodyReading(file, database)
        defer { bodies = reading }
        guard let body = try reading.checkable(of: row), row.digest == row.digest(of: body) else { return nil }
        return body
    }

    private mutating func addBody(of revision: PreparedRevision) throws -> Int64 {
        let attachments = try revision.attachments.map { try attachmentRow(of: $0) }
        try revision.writeBody(nextLeaf, attachments, database)
        return nextLeaf
    }

    private mutating func attachmentRow(of attachment: PreparedAttachment) throws -> Int64 {
        if let known = try attachment.row(database) {
            try attachment.putBack(in: file, database)
            return known
        }
        let id = nextAttachment
        switch attachment {
        case .small(let data, let sha256, let size, let stored):
            try Ledger.attachment.insert([id, sha256, size, 0, stored], data: ("data", data), database)
        case .large(let draft):
            // Kept before the commit: a file without a row does no harm, a row without a file would.
            try file.objects.keep(draft)
            file.onStep?(.objectKept)
            try Ledger.attachment.insert(
                [id, draft.sha256, draft.size, 1, draft.stored], data: ("data", draft.sealed), database)
        }
        nextAttachment += 1
        return id
    }
}
