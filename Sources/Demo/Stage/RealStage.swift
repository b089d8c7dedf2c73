import CouchDB
import CouchSim
import Foundation

/// Two private, real CouchDB servers on this machine.
struct RealStage: Stage {
    let cast: String
    let remark: String? =
        "CouchDB writes a checkpoint every 30 s; here [replicator] checkpoint_interval makes that \(checkpointSeconds) s."
    let source: StageServer
    let target: StageServer
    private let targetServer: LocalCouchDB
    /// Where copies of the target's files may lie.
    private let scratch: URL

    private static let checkpointSeconds = 1

    /// Starts the servers, and ends them when `body` has ended.
    static func run(scratch: URL, _ body: @Sendable (any Stage) async throws -> Void) async throws {
        let options = LocalCouchDB.Options(
            settings: ["replicator": ["checkpoint_interval": "\(checkpointSeconds * 1000)"]])
        try await withLocalCouchDB(options: options) { source in
            try await withLocalCouchDB(options: options) { target in
                try await body(RealStage(source: source, target: target, scratch: scratch))
            }
        }
    }

    private init(source: LocalCouchDB, target: LocalCouchDB, scratch: URL) {
        cast = "real, \(LocalCouchDB.executable ?? "")"
        self.source = StageServer(
            name: StageServer.sourceName, url: source.baseURL, user: source.administrator, password: source.password)
        self.target = StageServer(
            name: StageServer.targetName, url: target.baseURL, user: target.administrator, password: target.password)
        targetServer = target
        self.scratch = scratch
    }

    func validation(refusing field: String) -> String {
        """
        function (newDoc, oldDoc, userCtx) {
          if (newDoc.\(field) !== undefined) { throw({forbidden: 'the field \(field) is not wanted here'}); }
        }
        """
    }

    func settled(_ replication: Replication) async throws {
        try await Patience.until("the copy of \(replication.database)") {
            let report = try await CouchDBReport.ask(about: replication, on: self)
            return report.job?.state == .running && report.changesBehindCheckpoint == 0
        }
    }

    func crashed(_ replication: Replication) async throws {
        try await target.visit { connection in
            try await Patience.until("the crash of the job of \(replication.database)") {
                try await connection.schedulerDocument(replication.documentID)?.state == .crashing
            }
        }
    }

    func snapshotOfTarget() async throws -> TargetSnapshot {
        let copy = scratch.appending(path: "snapshot-of-standby")
        let data = targetServer.dataDirectory
        // CouchDB only ever appends to its files, so that they may be copied while it writes.
        try await onFileThread { try FileManager.default.copyItem(at: data, to: copy) }
        return TargetSnapshot { [targetServer] in
            await targetServer.stop()
            try await onFileThread {
                try FileManager.default.removeItem(at: data)
                try FileManager.default.moveItem(at: copy, to: data)
            }
            try await targetServer.start()
        }
    }
}
