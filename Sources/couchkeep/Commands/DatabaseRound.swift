import CouchDB
import Replication
import Synchronization

/// A command's way through all databases of a server: what one of them meets leaves the others their turn, unless the server is
/// gone.
final class DatabaseRound: Sendable {
    /// What the server is in this command.
    private let side: ReplicationFailure.Side
    private let line: ProgressLine
    /// Why the server is taken for gone; nil while it answers.
    private let end = Mutex<CouchError?>(nil)

    /// - Parameter isSilent: whether nobody wants to be told that the server is waited for.
    init(_ side: ReplicationFailure.Side, isSilent: Bool = false) {
        self.side = side
        line = ProgressLine(isSilent: isSilent)
    }

    /// Does the work of one database, and again where it failed in a way that may pass and the server answers, which is
    /// waited for.
    ///
    /// - Throws: what the body throws; `ReplicationFailure` without a try where the server is gone already.
    func run<Result: Sendable>(
        _ database: CouchDatabase, _ body: () async throws -> Result
    ) async throws -> Result {
        if let end = end.withLock({ $0 }) {
            return try await side.naming {
                throw CouchError(end.code, "not tried, since the server answers no more: \(end)")
            }
        }
        do {
            return try await body()
        } catch {
            guard let failure = serverFailure(error), try await answers(database), FailureKind(failure) == .passing
            else { throw error }
        }
        return try await body()
    }

    /// What the server, or what stands before it, has failed with; nil for what says nothing of whether it is there.
    private func serverFailure(_ error: any Error) -> CouchError? {
        let failure = error as? ReplicationFailure
        guard failure?.side ?? side == side, let error = (failure?.underlying ?? error) as? CouchError,
            FailureKind(error) == .passing || [.notCouchDB, .tls].contains(error.code)
        else { return nil }
        return error
    }

    /// Whether the server itself answers; one that is away, as while it is started again, is waited for.
    private func answers(_ database: CouchDatabase) async throws -> Bool {
        let retrier = Retrier(side, CouchReplica(database), options: ReplicationOptions()) { [line] wait in
            line.show(WaitWords.text(wait), isWaiting: true)
        }
        defer { line.end() }
        do {
            _ = try await retrier.call { try await database.server.info() }
            return true
        } catch let failure as ReplicationFailure {
            guard let error = failure.underlying as? CouchError else { throw failure }
            // One that lets nobody in is there.
            guard !error.isRejection else { return true }
            end.withLock { $0 = $0 ?? error }
            return false
        }
    }
}
