import CouchDB
import Foundation
import Replication

@testable import Vault

/// A vault in a folder of its own, which goes with the value.
final class TemporaryVault: Sendable {
    let path: String
    static let start = Date(timeIntervalSince1970: 1_790_000_000)

    init(under parent: String = NSTemporaryDirectory()) {
        path = "\(parent)/vault-\(UUID().uuidString)"
    }

    deinit {
        // A folder that is left over does no harm.
        try? FileManager.default.removeItem(atPath: path)
    }

    func database(
        _ name: String = "orders", isWriting: Bool = true, key: KeySource? = nil,
        onStep: (@Sendable (VaultStep) -> Void)? = nil
    ) async throws -> VaultDatabase {
        try await Self.database(name, in: path, isWriting: isWriting, key: key, onStep: onStep)
    }

    static func database(
        _ name: String = "orders", in path: String, isWriting: Bool = true, key: KeySource? = nil,
        onStep: (@Sendable (VaultStep) -> Void)? = nil
    ) async throws -> VaultDatabase {
        let vault = try await Vault(at: path, create: isWriting, now: start, key: key, onStep: onStep)
        return try await vault.database(name, isWriting: isWriting, create: isWriting, now: start)
    }

    /// The file of the only backup.
    func file() throws -> String {
        let folders = try FileManager.default.contentsOfDirectory(atPath: "\(path)/databases")
        return "\(path)/databases/\(folders[0])/database.sqlite"
    }
}

extension VaultDatabase {
    /// Makes a moment some minutes after the start.
    @discardableResult
    func seal(minute: Int) async throws -> Moment {
        try await seal(
            at: TemporaryVault.start.addingTimeInterval(Double(minute) * 60),
            sequence: UpdateSequence(.string("\(minute)-abc")), isComplete: true)
    }

    /// All documents of the feed, by pages.
    func feed(limit: Int = 100) async throws -> [DocumentLeaves] {
        var (documents, sequence): ([DocumentLeaves], UpdateSequence) = ([], .zero)
        while true {
            let batch = try await changes(since: sequence, limit: limit, patience: nil)
            documents += batch.documents
            sequence = batch.lastSequence
            if batch.isAtEnd { return documents }
        }
    }

    /// All leaf revisions.
    func contents() async throws -> [Revision] {
        let feed = try await feed()
        var revisions: [Revision] = []
        try await self.revisions(feed) { answer in
            switch answer.outcome {
            case .given(let given): revisions += given
            case .unavailable(let refusal): throw VaultError(.damaged, "\(refusal)", at: "test")
            }
        }
        return revisions
    }
}
