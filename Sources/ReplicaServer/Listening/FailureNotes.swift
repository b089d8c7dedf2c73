import CouchDB
import Synchronization

/// Tells once of each failure that a client can't understand from its answer: the replica's own.
final class FailureNotes: Sendable {
    private let told = Mutex<Set<String>>([])
    private let tell: @Sendable (_ request: String, _ error: any Error) -> Void

    /// So many different ones are told; a damaged disk has more than anybody reads.
    private static let most = 1000

    init(tell: @escaping @Sendable (_ request: String, _ error: any Error) -> Void) { self.tell = tell }

    func note(_ error: any Error, of request: String) {
        // What these say the client is told, and damaged revisions are told of by their names.
        if error is EndpointFailure || error is UnreadableRevision || error is CancellationError { return }
        if let error = error as? CouchError, error.code == .invalidInput { return }
        let isNew = told.withLock { $0.count < Self.most && $0.insert("\(request) \(error)").inserted }
        if isNew { tell(request, error) }
    }
}
