import Foundation
import GRDB

/// What a backup takes on disk, and what it holds.
package struct VaultStatistics: Sendable, Hashable {
    package var moments = 0
    package var epochs = 0
    /// All leaf revisions of all moments.
    package var leaves = 0
    package var bodies = 0
    /// The bytes of all documents before compression, and as stored.
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
            let sums = try Row.fetchOne(
                database,
                sql: """
                    SELECT (SELECT count(*) FROM body), (SELECT total(size) FROM body), \
                    (SELECT total(length(data)) FROM body), (SELECT count(*) FROM attachment), \
                    (SELECT total(size) FROM attachment)
                    """)
            guard let sums else { return statistics }
            statistics.bodies = try sums.checked(0)
            statistics.documentBytes = Int(try sums.checked(1) as Double)
            statistics.storedDocumentBytes = Int(try sums.checked(2) as Double)
            statistics.attachments = try sums.checked(3)
            statistics.attachmentBytes = Int(try sums.checked(4) as Double)
            return statistics
        }
        let file = file
        statistics.fileBytes = try await ObjectFolder.onThread { try file.size() }
        return statistics
    }
}
