import CouchDB
import Foundation

/// Checkpoints are kept in `_local/couchkeep-{id}`, beside those of CouchDB's own replicator.
extension CouchReplica {
    package func checkpoint(_ id: String) async throws -> Checkpoint? {
        let document = try await database.localDocument(Self.localID(id))
        remember { $0.checkpointRevisions[id] = document?["_rev"]?.string }
        guard let document else { return nil }
        // What somebody else wrote there is as good as no checkpoint: everything is compared anew, and nothing is lost.
        return try? JSONDecoder.checkpoints.decode(Checkpoint.self, from: document.serialized())
    }

    package func record(_ checkpoint: Checkpoint) async throws {
        // Before 3.0 what was acknowledged is on the disk only after this.
        let now = try await database.ensureFullCommit()
        if let known = remember({ $0.identity }), let now, now != known {
            throw CouchError(
                .conflict,
                "the database \(database.url) was deleted and made anew during the run; "
                    + "start again, and everything is copied anew")
        }
        var members = try JSONValue(parsing: JSONEncoder.checkpoints.encode(checkpoint)).object ?? [:]
        members["_rev"] = remember { $0.checkpointRevisions[checkpoint.id] }.map { .string($0) }
        let id = Self.localID(checkpoint.id)
        let revision: String
        do {
            revision = try await database.putLocalDocument(id, members: members)
        } catch let error as CouchError where error.code == .conflict {
            // An earlier try may have arrived although its answer didn't.
            members["_rev"] = try await database.localDocument(id)?["_rev"]
            revision = try await database.putLocalDocument(id, members: members)
        }
        remember { $0.checkpointRevisions[checkpoint.id] = revision }
    }

    /// Makes what was stored durable where the server does that by itself only a second later; again where the call fails in a
    /// way that may pass.
    ///
    /// - Throws: `ReplicationFailure` of the target.
    func commitDelayed() async throws {
        try await Retrier(.target, self, options: ReplicationOptions()).call { try await database.commitDelayed() }
    }

    /// The name of a checkpoint's document behind `_local/`.
    package static func localID(_ id: String) -> String { "couchkeep-\(id)" }
}

extension JSONEncoder {
    static var checkpoints: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }
}

extension JSONDecoder {
    static var checkpoints: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
