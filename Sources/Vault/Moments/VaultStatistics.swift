import Foundation
import GRDB

/// What a backup takes on disk, and what it holds.
package struct VaultStatistics: Sendable, Hashable {
    package var moments = 0
    package var epochs = 0
    /// All leaf revisions of all moments.
    package var leaves = 0
    package var bodies = 0
    /// The bytes of all documents before compression, and as stored; a size that can't be is not counted, nor of attachments.
    package var documentBytes = 0
    package var storedDocumentBytes = 0
    package var attachments = 0
    package var attachmentBytes = 0
    /// The bytes of all files.
    package var fileBytes = 0
}

extension VaultDatabase {
    /// Adds everything up; reads the whole table of bodies, without their data.
    package func statistics() async throws -> VaultStatistics {
        var statistics = try await file.read { database in
            var statistics = VaultStatistics()
            func count(_ table: String) throws -> Int {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
            }
            statistics.moments = try count("moment")
            statistics.epochs = try count("epoch")
            statistics.leaves = try count("leaf")
            // In one pass: the table of documents is most of the file.
            if let sums = try Row.fetchOne(
                database,
                sql: "SELECT count(*), \(Self.total(0...FrameDecompressor.largest)), total(length(data)) FROM body")
            {
                statistics.bodies = try sums.checked(0)
                statistics.documentBytes = Int(try sums.checked(1) as Double)
                statistics.storedDocumentBytes = Int(try sums.checked(2) as Double)
            }
            if let sums = try Row.fetchOne(
                database, sql: "SELECT count(*), \(Self.total(ClosedRange(AttachmentCheck.sizes))) FROM attachment")
            {
                statistics.attachments = try sums.checked(0)
                statistics.attachmentBytes = Int(try sums.checked(1) as Double)
            }
            return statistics
        }
        statistics.fileBytes = try await fileBytes()
        return statistics
    }

    /// A damaged size must not make the sum one that no number holds.
    private static func total(_ sizes: ClosedRange<Int>) -> String {
        "total(CASE WHEN size BETWEEN \(sizes.lowerBound) AND \(sizes.upperBound) THEN size END)"
    }

    /// The bytes of all files; reads nothing of them.
    package func fileBytes() async throws -> Int {
        let file = file
        return try await ObjectFolder.onThread { try file.size() }
    }
}
