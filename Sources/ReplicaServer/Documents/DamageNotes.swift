import CouchDB
import Replication
import Synchronization

/// Tells of each revision once that a replica has and can't hand out.
final class DamageNotes: Sendable {
    private let told = Mutex<Set<OrderedFetch.Item>>([])
    private let tell: @Sendable (Refusal) -> Void

    init(tell: @escaping @Sendable (Refusal) -> Void) { self.tell = tell }

    func note(_ refusal: Refusal) {
        guard !refusal.isMissing, let revision = refusal.revision else { return }
        let item = OrderedFetch.Item(id: refusal.id, revision: revision)
        if told.withLock({ $0.insert(item).inserted }) { tell(refusal) }
    }
}

extension Refusal {
    /// Whether the replica does not have the revision at all; else it has it, and can't read it.
    var isMissing: Bool { error == "not_found" }
}

/// A revision that a replica has and can't hand out: an answer without it must not look complete.
struct UnreadableRevision: Error {
    var refusal: Refusal

    init(_ refusal: Refusal) { self.refusal = refusal }
}
