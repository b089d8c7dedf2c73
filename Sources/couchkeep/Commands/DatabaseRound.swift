import CouchDB
import Replication
import Service
import Synchronization

/// A command's way through all databases of a server: what one of them meets leaves the others their turn, unless the server is
/// gone.
final class DatabaseRound: Sendable {
    /// What the server is in this command.
    private let side: ReplicationFailure.Side
    private let line: ProgressLine

    private struct State {
        /// Why the server is taken for gone; nil while it answers.
        var end: CouchError?
        var failures = FailuresInARow()
    }

    private let state = Mutex(State())

    /// - Parameter isSilent: whether nobody wants to be told that the server is waited for.
    init(_ side: ReplicationFailure.Side, isSilent: Bool = false) {
        self.side = side
        line = ProgressLine(isSilent: isSilent)
    }

    /// Does the work of one database, and again where it failed in a way that may pass and the server answers, which is
    /// waited for; not again where those before it have failed so too, and where many have, not unless the database answers.
    ///
    /// - Throws: what the body throws; `ReplicationFailure` without a try where the server is gone already, or the database,
    ///   after many that failed, does not answer either.
    func run<Result: Sendable>(
        _ database: CouchDatabase, _ body: () async throws -> Result
    ) async throws -> Result {
        if let end = state.withLock({ $0.end }) {
            return try await side.naming {
                throw CouchError(end.code, "not tried, since the server answers no more: \(end)")
            }
        }
        if state.withLock({ $0.failures.needsALook }) { try await look(at: database) }
        do {
            return succeeded(try await body())
        } catch {
            guard let failure = serverFailure(error), try await answers(database), FailureKind(failure) == .passing
            else { throw error }
            guard state.withLock({ $0.failures.isWorthASecondTry }) else {
                state.withLock { $0.failures.failed() }
                throw error
            }
        }
        do {
            return succeeded(try await body())
        } catch {
            if serverFailure(error) != nil { state.withLock { $0.failures.failed() } }
            throw error
        }
    }

    private func succeeded<Result>(_ result: Result) -> Result {
        state.withLock { $0.failures.succeeded() }
        return result
    }

    /// Asks a database once, since what fails is waited for in vain for minutes.
    private func look(at database: CouchDatabase) async throws {
        do {
            _ = try await database.info()
        } catch let error as CouchError {
            // What else may be wrong, such as that it is still to be made, its work finds out.
            guard serverFailure(error) != nil else { return }
            try await side.naming {
                throw CouchError(
                    error.code,
                    "asked once and not tried, since \(FailuresInARow.most) databases in a row have failed while the server "
                        + "answered: \(error)")
            }
        }
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
            state.withLock { $0.end = $0.end ?? error }
            return false
        }
    }
}
