import CouchDB
import CouchSim
import Foundation
import Secrets
import Testing

extension Accident {
    /// Changes Couchkeep's replication document behind its back.
    func change(_ change: (inout [String: JSONValue]) -> Void) async throws {
        var members = try #require(try await replicator.document(documentID)?.object)
        change(&members)
        _ = try await replicator.putDocument(documentID, members: members)
    }

    /// What somebody else's continuous replication of the pair would say.
    func foreignMembers() async throws -> [String: JSONValue] {
        func side(_ server: LocalCouchDB) -> JSONValue {
            [
                "url": .string("\(server.baseURL)/\(database)"),
                "auth": [
                    "basic": [
                        "username": .string(server.administrator), "password": .string(server.password.reveal()),
                    ]
                ],
            ]
        }
        return ["source": side(servers.production), "target": side(servers.standby), "continuous": true]
    }

    /// Writes somebody else's replication document, and returns its revision.
    func writeForeignDocument(
        _ id: String, changing change: (inout [String: JSONValue]) -> Void = { _ in }
    ) async throws -> String {
        var members = try await foreignMembers()
        change(&members)
        return try await replicator.putDocument(id, members: members)
    }

    /// Waits until CouchDB has given a replication document up.
    func waitUntilFailed(_ id: String) async throws {
        try await Polling.until("\(id) fails") {
            try await servers.target.schedulerDocument(id)?.state == .failed
        }
    }
}
