import CouchDB
import Foundation
import Supervision

/// Which verifications and drills speak of the backups that there are now, by the targets of which some may not.
enum BackupEvidence {
    /// - Parameters:
    ///   - vault: what is remembered of the pairs into the vault, by their targets.
    ///   - pairs: what is remembered of those between servers.
    static func spans(
        vault: [String: VaultMemory], pairs: some Sequence<PairMemory>, _ configuration: Configuration
    ) -> [String: EvidenceSpan] {
        let servers = Dictionary(configuration.servers.map { ($0.name, $0.url) }, uniquingKeysWith: { $1 })
        var spans = vault.mapValues { memory in
            var span = memory.evidence
            span.sourceFrom = memory.source.sourceEvidenceFrom
            return span
        }
        for memory in pairs where memory.evidenceFrom != nil || memory.sourceEvidenceFrom != nil {
            guard let target = memory.target, let server = servers[target.server] else { continue }
            let url = server.databaseURL(target.database)
            // Of several pairs that had this target one after the other, the last one to see a loss counts.
            spans[url] = EvidenceSpan(
                from: later(memory.evidenceFrom, spans[url]?.from),
                sourceFrom: later(memory.sourceEvidenceFrom, spans[url]?.sourceFrom))
        }
        return spans
    }

    private static func later(_ one: Date?, _ other: Date?) -> Date? {
        [one, other].compactMap(\.self).max()
    }

    /// As the state database has it.
    ///
    /// - Throws: `StateError`.
    static func spans(_ state: StateDatabase, _ configuration: Configuration) async throws -> [String: EvidenceSpan] {
        spans(
            vault: try await StoredVaultMemories(state).all(), pairs: try await state.pairMemories().values,
            configuration)
    }
}
