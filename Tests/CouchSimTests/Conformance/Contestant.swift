import CouchSim
import Foundation
import Secrets

/// A server under test, simulated or real.
struct Contestant: Sendable {
    let baseURL: String
    let administrator: String
    let password: Secret
    let uuid: String
    /// Copies the files of a database while the server runs.
    let snapshot: @Sendable (_ database: String) async throws -> Void
    /// Stops the server, puts the copied files back, and starts it again.
    let rollback: @Sendable () async throws -> Void

    var client: RawClient { RawClient(baseURL: baseURL, user: administrator, password: password) }

    /// Takes a simulated server.
    init(_ server: SimulatedServer) {
        let shelf = Shelf<DatabaseSnapshot>()
        self.init(
            baseURL: server.baseURL, administrator: server.administrator, password: server.password, uuid: server.uuid,
            snapshot: { await shelf.keep(try server.snapshot(of: $0)) },
            rollback: {
                try await server.stop()
                for snapshot in await shelf.all { try server.rollback(to: snapshot) }
                try await server.start()
            })
    }

    /// Takes a private real server; its data folder is copied as a whole.
    init(_ server: LocalCouchDB) {
        let data = server.dataDirectory
        let copy = data.deletingLastPathComponent().appending(path: "copy")
        self.init(
            baseURL: server.baseURL, administrator: server.administrator, password: server.password, uuid: server.uuid,
            snapshot: { _ in try FileManager.default.copyItem(at: data, to: copy) },
            rollback: {
                await server.stop()
                try FileManager.default.removeItem(at: data)
                try FileManager.default.moveItem(at: copy, to: data)
                try await server.start()
            })
    }

    private init(
        baseURL: String, administrator: String, password: Secret, uuid: String,
        snapshot: @escaping @Sendable (String) async throws -> Void,
        rollback: @escaping @Sendable () async throws -> Void
    ) {
        self.baseURL = baseURL
        self.administrator = administrator
        self.password = password
        self.uuid = uuid
        self.snapshot = snapshot
        self.rollback = rollback
    }
}

/// Keeps things for later.
actor Shelf<Item: Sendable> {
    private(set) var all: [Item] = []
    func keep(_ item: Item) { all.append(item) }
}
