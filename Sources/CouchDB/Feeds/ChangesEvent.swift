/// What a changes feed says next.
public enum ChangesEvent: Sendable, Hashable {
    /// A document has changed.
    case row(ChangeRow)
    /// Nothing has changed for a while, and the server is still there; in continuous feeds only.
    case heartbeat
    /// The feed ends here and is complete: `since` for the next one, and how many changes come after it, where told.
    case end(lastSequence: UpdateSequence, pending: Int?)
}
