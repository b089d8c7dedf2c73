import CouchDB
import Supervision

/// What one database really holds on both servers, asked now.
struct Comparison: Sendable {
    let database: String
    let sourceDocuments: Int
    let targetDocuments: Int
    /// How many leaf revisions of the source the target does not have.
    let missing: Int

    var isComplete: Bool { sourceDocuments == targetDocuments && missing == 0 }

    /// Reads all leaf revisions of the source, and asks the target which of them it lacks.
    static func make(of database: String, on stage: some Stage) async throws -> Comparison {
        try await stage.source.visit { source in
            try await stage.target.visit { target in
                let missing = try await missingRevisions(
                    of: source.database(database), in: target.database(database))
                return Comparison(
                    database: database, sourceDocuments: try await source.database(database).info().documentCount,
                    targetDocuments: try await target.database(database).info().documentCount, missing: missing)
            }
        }
    }

    private static func missingRevisions(of source: CouchDatabase, in target: CouchDatabase) async throws -> Int {
        var missing = 0
        var asked: [String: [String]] = [:]
        for try await event in source.changes() {
            guard case .row(let row) = event else { continue }
            asked[row.id] = row.revisions.map(\.description)
            if asked.count == 500 {
                missing += try await target.revisionsDiff(asked).values.map(\.missing.count).reduce(0, +)
                asked = [:]
            }
        }
        return missing + (try await target.revisionsDiff(asked).values.map(\.missing.count).reduce(0, +))
    }

    /// `orders: 2,100 documents on production, 1,100 on standby; 1,000 missing`.
    var text: String {
        let counts =
            "\(database): \(Wording.documents(sourceDocuments)) on \(StageServer.sourceName), "
            + "\(Wording.number(targetDocuments)) on \(StageServer.targetName)"
        return counts + (missing == 0 ? ", none missing" : "; \(Wording.number(missing)) missing")
    }

    /// `orders 2,100 = 2,100; none missing`: the documents on both sides, for complete ones.
    static func proof(of complete: [Comparison]) -> String {
        let counts = complete.map {
            "\($0.database) \(Wording.number($0.sourceDocuments)) = \(Wording.number($0.targetDocuments))"
        }
        return "\(counts.joined(separator: ", ")); none missing"
    }
}
