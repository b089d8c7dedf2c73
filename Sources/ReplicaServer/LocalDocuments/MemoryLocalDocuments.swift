import Foundation
import Synchronization

/// Holds `_local` documents in memory, the newest ones only.
///
/// A client whose checkpoint was forgotten begins at the start of the feed again, and finds that it has everything.
package final class MemoryLocalDocuments: LocalDocumentStore {
    private struct Key: Hashable {
        var database: String
        var id: String
    }

    private struct State {
        var documents: [Key: (document: LocalDocument, written: Int)] = [:]
        var writes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: the most documents that are kept.
    package init(limit: Int = 1000) { self.limit = max(1, limit) }

    package func localDocument(_ id: String, of database: String) -> LocalDocument? {
        state.withLock { $0.documents[Key(database: database, id: id)]?.document }
    }

    package func putLocalDocument(
        _ id: String, of database: String, members: Data, replacing replaced: Int
    ) -> Int? {
        state.withLock { state in
            let key = Key(database: database, id: id)
            if let current = state.documents[key], current.document.number != replaced { return nil }
            state.writes += 1
            let number = replaced + 1
            state.documents[key] = (LocalDocument(number: number, members: members), state.writes)
            if state.documents.count > limit,
                let oldest = state.documents.min(by: { $0.value.written < $1.value.written })
            {
                state.documents[oldest.key] = nil
            }
            return number
        }
    }

    package func removeLocalDocument(_ id: String, of database: String, number: Int) -> Bool {
        state.withLock { state in
            let key = Key(database: database, id: id)
            guard state.documents[key]?.document.number == number else { return false }
            state.documents[key] = nil
            return true
        }
    }
}
