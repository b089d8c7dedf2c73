import Foundation
import GRDB

extension VaultDatabase {
    /// The bytes of all documents and attachments as they are handed out, whatever the moment: at least those of one.
    package func contentBytes() async throws -> Int {
        let statistics = try await statistics()
        return statistics.documentBytes + statistics.attachmentBytes
    }
}
