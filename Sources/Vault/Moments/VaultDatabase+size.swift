import Foundation
import GRDB

extension VaultDatabase {
    /// The bytes of all documents, but for what their leaves tell of them, and of all attachments, whatever the moment.
    package func contentBytes() async throws -> Int {
        let statistics = try await statistics()
        return statistics.documentBytes + statistics.attachmentBytes
    }
}
