import CouchDB
import Foundation
import Replication
import Vault

/// Putting back local documents, which no replication carries.
extension RestoreRun {
    /// What they are called among the settings that are put back.
    static let localDocuments = "_local"

    /// Whether one of them is to be restored and is not there as it was.
    ///
    /// - Throws: `ReplicationFailure`.
    func lacksLocalDocuments(_ settings: SourceSettings) async throws -> Bool {
        for (id, document) in wantedLocalDocuments(settings) {
            let wanted = try LocalDocument(document)
            let isThere = try await onTarget { try await localDocument(id)?.content == wanted.content }
            guard isThere else { return true }
        }
        return false
    }

    /// Writes those that are not there as they were; one that the target doesn't take keeps none of the others from it.
    ///
    /// - Returns: What the target did not take.
    /// - Throws: `ReplicationFailure`.
    func restoreLocalDocuments(_ settings: SourceSettings) async throws -> [Refusal] {
        var refusals: [Refusal] = []
        for (id, document) in wantedLocalDocuments(settings) {
            let wanted = try LocalDocument(document)
            if let refusal = try await onTarget({ try await write(wanted, as: id) }) { refusals.append(refusal) }
        }
        return refusals
    }

    private func wantedLocalDocuments(_ settings: SourceSettings) -> [(id: DocumentID, document: Data)] {
        guard options.includesLocalDocuments else { return [] }
        return settings.localDocuments.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// - Returns: Why the target did not take it; nil where it did, or has it already.
    private func write(_ wanted: LocalDocument, as id: DocumentID) async throws -> Refusal? {
        let found = try await localDocument(id)
        guard found?.content != wanted.content else { return nil }
        do {
            _ = try await target.putLocalDocument(
                Self.localName(id), document: wanted.bytes(replacing: found?.revision))
            return nil
        } catch let error as CouchError where [.tooLarge, .rejected, .forbidden, .conflict].contains(error.code) {
            return Refusal(
                id: id, revision: nil, stage: .storing, error: error.error ?? error.code.rawValue,
                reason: error.reason ?? error.message)
        }
    }

    /// A local document of the target; nil where there is none.
    private func localDocument(_ id: DocumentID) async throws -> LocalDocument? {
        do {
            // The list hands out bytes, however deep they are nested.
            let rows = try await target.localDocuments(from: id.text, limit: 1)
            return try rows.first { DocumentID($0.id) == id }?.document.map { try LocalDocument($0) }
        } catch let error as CouchError where Self.hasNoList(error) {
            return try await target.localDocument(Self.localName(id)).map { try LocalDocument($0.serialized()) }
        }
    }

    /// Whether the target hands out no list: 1.x has none, and an account or a proxy may not give it.
    private static func hasNoList(_ error: CouchError) -> Bool {
        !error.isDatabaseMissing && [400, 401, 403, 404, 405, 501].contains(error.status)
    }

    /// The name behind `_local/`.
    private static func localName(_ id: DocumentID) -> String { String(id.text.dropFirst("_local/".count)) }
}
