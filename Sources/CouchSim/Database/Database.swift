import CouchDB
import Foundation
import Synchronization

/// One database of a simulated server.
final class Database: Sendable {
    let name: String
    /// Seconds since 1970; two databases of one name never have the same.
    let created: Int
    /// What marks the sequences of this database's files.
    let sequences: SequenceFormat
    let q: Int
    let isPartitioned: Bool
    /// Whether its documents are replications.
    let isReplicator: Bool
    /// Notified with each change of the database.
    let changed = ChangeSignal()

    private let state: Mutex<DatabaseState>

    init(
        name: String, created: Int, sequences: SequenceFormat, q: Int, isPartitioned: Bool,
        state: DatabaseState = DatabaseState()
    ) {
        self.name = name
        self.created = created
        self.sequences = sequences
        self.q = q
        self.isPartitioned = isPartitioned
        isReplicator = SystemDatabase.isReplicator(name)
        self.state = Mutex(state)
    }

    /// Reads, under the database's lock.
    func read<Value: Sendable, Failure: Error>(
        _ body: (inout sending DatabaseState) throws(Failure) -> sending Value
    ) throws(Failure) -> Value {
        try state.withLock(body)
    }

    /// Changes something, under the database's lock, and tells those that wait for changes.
    func write<Value: Sendable, Failure: Error>(
        _ body: (inout sending DatabaseState) throws(Failure) -> sending Value
    ) throws(Failure) -> Value {
        defer { changed.notify() }
        return try state.withLock { state throws(Failure) in
            state.writes += 1
            return try body(&state)
        }
    }

    /// The whole content, as a copy of the database's files would hold it.
    var content: DatabaseState { state.withLock { $0 } }

    /// Puts an earlier content back, as if its files had been put back while the server was stopped.
    func replace(content: DatabaseState) {
        state.withLock { $0 = content }
        changed.notify()
    }

    /// The number of a position of this database; nil where it is none.
    func position(_ sequence: OrderedJSON) -> Int? {
        // A position that can't be read is one of another database.
        try? sequences.parse(sequence.string ?? sequence.text)
    }

    /// The position of the newest change, one without a row in the feed included.
    var updateSequence: Int { state.withLock(\.sequence) }

    /// The position at which a replication of it has everything: in 1.x that of the newest row.
    var replicatedSequence: Int {
        let isNumeric = sequences.isNumeric
        return state.withLock { isNumeric ? $0.order.newest : $0.sequence }
    }
}
