import CouchDB
import Foundation
import GRDB
import Replication

/// What some or all documents of a moment are in numbers.
package struct MomentExtent: Sendable, Hashable {
    /// Tombstones among them.
    package var documents = 0
    package var deleted = 0
    /// Leaf revisions, of which a document in conflict has several.
    package var revisions = 0
    /// Documents with more than one leaf that is not deleted.
    package var conflicts = 0
    /// The bytes of all documents, before compression, and as they are sent.
    package var documentBytes = 0
    /// The bytes of all attachments; one that several documents have counts for each.
    package var attachmentBytes = 0
    /// Leaf revisions whose document or attachment is damaged or gone, and of which no bytes are counted.
    package var unreadable = 0

    /// The bytes of documents and attachments.
    package var bytes: Int { documentBytes + attachmentBytes }
}

extension VaultDatabase {
    /// Adds up what a restore of these documents would bring.
    ///
    /// Reads the moment's leaves, and of their documents only the sizes.
    ///
    /// - Throws: `VaultError`; `CancellationError`.
    package func extent(
        of isSelected: @escaping @Sendable (DocumentID) -> Bool = { _ in true }
    ) async throws -> MomentExtent {
        var (extent, position): (MomentExtent, Int64?) = (MomentExtent(), 0)
        while let after = position {
            let (part, last) = try await file.read { database in
                let page = try horizon(database).page(after: after, limit: Self.extentPage, database)
                var sizes = RevisionSizes(naming: try file.naming(), database: database)
                var extent = MomentExtent()
                for leaves in page.documents { try sizes.add(leaves, to: &extent, where: isSelected) }
                return (extent, page.isLast ? nil : page.last)
            }
            extent += part
            position = last
        }
        return extent
    }

    /// Adds up what a restore of a few documents would bring, without a look at the others.
    ///
    /// - Throws: as ``extent(of:)-(_)``.
    package func extent(of ids: [DocumentID]) async throws -> MomentExtent {
        try await file.read { database in
            let (horizon, naming) = (try horizon(database), try file.naming())
            var (sizes, extent) = (RevisionSizes(naming: naming, database: database), MomentExtent())
            for id in ids {
                let name = naming.name(id)
                let leaves = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                guard !leaves.isEmpty else { continue }
                try sizes.add(leaves, to: &extent) { _ in true }
            }
            return extent
        }
    }

    private static var extentPage: Int { 1000 }
}

extension MomentExtent {
    fileprivate static func += (sum: inout MomentExtent, part: MomentExtent) {
        sum.documents += part.documents
        sum.deleted += part.deleted
        sum.revisions += part.revisions
        sum.conflicts += part.conflicts
        sum.documentBytes += part.documentBytes
        sum.attachmentBytes += part.attachmentBytes
        sum.unreadable += part.unreadable
    }
}

/// Adds up leaves within one transaction.
private struct RevisionSizes {
    let naming: Naming
    let database: Database
    private var attachments: [Int64: Int] = [:]

    init(naming: Naming, database: Database) { (self.naming, self.database) = (naming, database) }

    mutating func add(
        _ leaves: [LeafRow], to extent: inout MomentExtent, where isSelected: (DocumentID) -> Bool
    ) throws {
        let (id, path) = try naming.reveal(leaves[0], database)
        guard isSelected(id) else { return }
        let living = leaves.count { !$0.isDeleted }
        extent.documents += 1
        extent.deleted += living == 0 ? 1 : 0
        extent.conflicts += living > 1 ? 1 : 0
        extent.revisions += leaves.count
        for (place, leaf) in leaves.enumerated() {
            let ownPath = place == 0 ? path : try naming.reveal(leaf, database).path
            guard let bytes = try bytes(of: leaf, id: id, path: ownPath) else {
                extent.unreadable += 1
                continue
            }
            extent.documentBytes += bytes.document
            extent.attachmentBytes += bytes.attachments
        }
    }

    /// nil where they can't be told.
    private mutating func bytes(
        of leaf: LeafRow, id: DocumentID, path: RevisionPath
    ) throws -> (document: Int, attachments: Int)? {
        let statement = try database.cachedStatement(sql: "SELECT size, trim, attachments FROM body WHERE id = ?")
        let body = try statement.rows(database) { $0.append(leaf.body) }.next { columns in
            (Int(try columns.integer(0)), try columns.optionalInteger(1), try columns.optionalData(2))
        }
        guard let (size, trim, list) = body, (0...FrameDecompressor.largest).contains(size) else { return nil }
        let cut = trim.flatMap { DocumentTrim(number: Int($0)) }?.cutBytes(id: id, path: path) ?? 0
        var attachments = 0
        for attachment in list.map(AttachmentList.decode) ?? [] {
            guard let size = try self.size(of: attachment) else { return nil }
            attachments += size
        }
        return (size + cut, attachments)
    }

    private mutating func size(of attachment: Int64) throws -> Int? {
        if let known = attachments[attachment] { return known }
        let statement = try database.cachedStatement(sql: "SELECT size FROM attachment WHERE id = ?")
        guard let size = try statement.rows(database, { $0.append(attachment) }).next({ Int(try $0.integer(0)) }),
            AttachmentCheck.sizes.contains(size)
        else { return nil }
        attachments[attachment] = size
        return size
    }
}
