import Foundation
import NIOPosix
import Secrets

/// A private, real CouchDB server in a temporary folder, on a free loopback port.
///
/// Made by ``withLocalCouchDB(options:_:)``, which ends it and removes its folder whatever happens in between. The
/// server belongs to a single-node "cluster" of its own, and has `_users` and `_replicator`.
package actor LocalCouchDB {
    /// How a private server is to be set up.
    package struct Options: Sendable {
        /// Settings beside those that every private server gets, by section and key; they win.
        package var settings: [String: [String: String]]
        /// The name of the server's administrator.
        package var administrator: String

        /// Makes options.
        package init(settings: [String: [String: String]] = [:], administrator: String = "admin") {
            self.settings = settings
            self.administrator = administrator
        }
    }

    /// Why a private server could not be started or stopped.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        init(_ description: String) { self.description = description }
    }

    /// The URL of the server, without credentials and without a final slash.
    package nonisolated let baseURL: String
    /// The administrator's name.
    package nonisolated let administrator: String
    /// The administrator's password, random.
    package nonisolated let password: Secret
    /// The `[couchdb] uuid`.
    package nonisolated let uuid: String
    /// The folder with the database files; only to be touched while the server is stopped.
    package nonisolated var dataDirectory: URL { files.data }
    /// The server's log file.
    package nonisolated var logFile: URL { files.log }

    private nonisolated let files: ServerFiles
    private let process: CouchProcess
    private let probe: ReadinessProbe
    private let startRequests: AsyncStream<AsyncStream<CouchProcess.Order>>
    private let requestStart: AsyncStream<AsyncStream<CouchProcess.Order>>.Continuation
    private var orders: AsyncStream<CouchProcess.Order>.Continuation?
    private var exitWaiters: [CheckedContinuation<Void, Never>] = []

    init(options: Options, executable: String) async throws {
        files = try await NIOThreadPool.singleton.runIfActive { try ServerFiles.make() }
        let port = try await FreePort.find()
        baseURL = "http://127.0.0.1:\(port)"
        administrator = options.administrator
        password = Secret(Self.randomHexadecimal())
        uuid = Self.randomHexadecimal()
        var settings = Self.settings(port: port, uuid: uuid, files: files)
        settings["admins"] = [administrator: password.reveal()]
        settings.merge(options.settings) { ours, theirs in ours.merging(theirs) { _, theirs in theirs } }
        try await NIOThreadPool.singleton.runIfActive { [files, settings] in try files.write(settings: settings) }
        let root = URL(filePath: executable).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent()
        process = CouchProcess(
            executable: executable,
            environment: [
                "COUCHDB_ARGS_FILE": files.arguments.path(percentEncoded: false),
                "COUCHDB_INI_FILES": [root.appending(path: "etc/default.ini"), files.configuration]
                    .map { $0.path(percentEncoded: false) }.joined(separator: " "),
            ],
            outputFile: files.output.path(percentEncoded: false))
        probe = ReadinessProbe(baseURL: baseURL, user: administrator, password: password)
        (startRequests, requestStart) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs the server's processes, one after another, until the task is cancelled.
    func run() async throws {
        defer { ended() }
        for await orders in startRequests {
            try await process.run(orders: orders)
            ended()
        }
    }

    /// Starts the server, and returns when it answers and has its system databases.
    package func start() async throws {
        guard orders == nil else { throw Failure("the server runs already") }
        let (stream, continuation) = AsyncStream.makeStream(
            of: CouchProcess.Order.self, bufferingPolicy: .bufferingNewest(4))
        orders = continuation
        requestStart.yield(stream)
        for _ in 0..<600 {
            if await probe.isReady() { return }
            guard orders != nil else { break }
            // Another process's progress can only be polled.
            try await Task.sleep(for: .milliseconds(50))
        }
        let tail = files.tail()
        await kill()
        throw Failure("CouchDB did not come up at \(baseURL). The end of its log:\n\(tail)")
    }

    /// Stops the server as an administrator would (SIGTERM), and kills it where that takes more than ten seconds.
    package func stop() async {
        await end(by: .terminate)
    }

    /// Kills the server (SIGKILL): what a power cut would leave behind, except for the disk's own cache.
    package func kill() async {
        await end(by: .kill)
    }

    /// Stops the server and starts it again on the same port.
    package func restart() async throws {
        await stop()
        try await start()
    }

    /// Removes the server's folder; cancellation doesn't stop this, as it does `runIfActive`.
    func removeFiles() async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            NIOThreadPool.singleton.submit { [files] _ in done.resume(with: Result { try files.remove() }) }
        }
    }

    private func end(by order: CouchProcess.Order) async {
        guard let orders else { return }
        orders.yield(order)
        await withTaskGroup { group in
            group.addTask {
                // Cut short by cancellation: then there is no time for a graceful end.
                try? await Task.sleep(for: .seconds(10))
                orders.yield(.kill)
            }
            await exit()
            group.cancelAll()
        }
    }

    private func exit() async {
        guard orders != nil else { return }
        await withCheckedContinuation { exitWaiters.append($0) }
    }

    private func ended() {
        orders?.finish()
        orders = nil
        for waiter in exitWaiters { waiter.resume() }
        exitWaiters = []
    }

    private static func settings(port: Int, uuid: String, files: ServerFiles) -> [String: [String: String]] {
        let data = files.data.path(percentEncoded: false)
        return [
            "couchdb": ["single_node": "true", "database_dir": data, "view_index_dir": data, "uuid": uuid],
            "chttpd": ["bind_address": "127.0.0.1", "port": "\(port)"],
            // Few rounds of key derivation: the password is random and lives for seconds.
            "chttpd_auth": ["iterations": "1", "secret": randomHexadecimal()],
            // All clients share one address: the wrong passwords of one test would lock the administrator out.
            "chttpd_auth_lockout": ["mode": "off"],
            "replicator": ["interval": "1000", "startup_jitter": "10", "cluster_start_period": "0"],
            "log": ["writer": "file", "file": files.log.path(percentEncoded: false), "level": "notice"],
        ]
    }

    private static func randomHexadecimal() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
