import CouchDB
import Foundation
import NIOCore
import Secrets
import Synchronization

/// A simulated CouchDB server in this process, on a free loopback port.
///
/// Made and run by ``withSimulatedServer(_:_:)``. It keeps its databases while it is stopped, as a server keeps its files.
package final class SimulatedServer: Sendable {
    /// The port, the same over all restarts.
    package let port: Int
    /// The `[couchdb] uuid`.
    package let uuid: String
    /// Faults to come.
    package let faults = FaultPlan()
    /// What was asked.
    package let requests = RequestLog()

    let options: ServerOptions
    let flavour: Flavour
    let state: Mutex<ServerState>
    let lifecycle = Lifecycle()
    /// The socket that listens, while it does.
    let socket = Mutex<(any Channel)?>(nil)
    /// The replicator of this server.
    package let scheduler: Scheduler

    /// Makes a server that listens as soon as it is run and started.
    package init(_ options: ServerOptions = ServerOptions()) async throws {
        port = try await FreePort.find()
        uuid = options.uuid ?? RevisionHash.hexadecimal((0..<16).map { _ in UInt8.random(in: 0...255) })
        self.options = options
        flavour = Flavour(version: options.version)
        scheduler = Scheduler(flavour: flavour, timing: ReplicatorTiming(pace: options.pace, clock: options.clock))
        state = Mutex(
            ServerState(
                configuration: Configuration(
                    administrator: options.administrator, password: options.password.reveal(), uuid: uuid,
                    settings: options.settings)))
        for name in flavour.isSingleNode ? ["_replicator", "_users"] : ["_replicator", "_users", "_global_changes"] {
            createDatabase(name)
        }
    }

    /// The server's URL, without credentials and without a final slash.
    package var baseURL: String { "http://127.0.0.1:\(port)" }
    /// The administrator's name.
    package var administrator: String { options.administrator }
    /// The administrator's password, as it was at first.
    package var password: Secret { options.password }

    /// Returns a database.
    func database(_ name: String) throws(CouchFailure) -> Database {
        guard let database = state.withLock({ $0.databases[name] }) else { throw .databaseMissing }
        return database
    }

    /// Makes a database; false where there is one already.
    @discardableResult
    func createDatabase(_ name: String, q: Int = 2, isPartitioned: Bool = false) -> Bool {
        let now = Int(options.now().timeIntervalSince1970)
        return state.withLock { state in
            guard state.databases[name] == nil else { return false }
            let created = max(now, (state.lastCreation[name] ?? 0) + 1)
            state.lastCreation[name] = created
            let mark = RevisionHash.hexadecimal((0..<8).map { _ in UInt8.random(in: 0...255) })
            state.databases[name] = Database(
                name: name, created: created,
                sequences: SequenceFormat(mark: mark, isNumeric: flavour.isSingleNode), q: q,
                isPartitioned: isPartitioned)
            return true
        }
    }

    /// Removes a database; its feeds end.
    func deleteDatabase(_ name: String) throws(CouchFailure) {
        guard let database = state.withLock({ $0.databases.removeValue(forKey: name) }) else { throw .databaseMissing }
        database.changed.notify()
    }

    /// Whether a database object still is what its name stands for.
    func stillHas(_ database: Database) -> Bool { state.withLock { $0.databases[database.name] === database } }
}
