import Testing

/// A conversation with a server, whose answers must be the same on a simulated and on a real one.
struct ConformanceScript: Sendable, CustomTestStringConvertible {
    let name: String
    let run: @Sendable (Transcript) async throws -> Void

    var testDescription: String { name }

    static let all: [ConformanceScript] = [
        .identity, .databases, .security, .documents, .conflicts, .bulk, .changes, .listing, .localDocuments,
        .attachments,
        .validation, .configuration, .replicator, .replicatorFailures, .transientReplication,
    ]
}
