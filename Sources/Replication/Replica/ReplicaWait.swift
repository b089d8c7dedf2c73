/// Why a run waits, for people who watch it.
package enum ReplicaWait: Sendable, Hashable {
    /// A replica failed in a way that may pass, or wants to be asked less.
    case server(ReplicationFailure.Side, pause: Duration, because: String)
    /// So many documents seem to differ, and get the time to arrive.
    case arrivals(Int, pause: Duration)
}
