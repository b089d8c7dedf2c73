import Synchronization

/// Whether a simulated server runs, and whether it takes connections.
final class Lifecycle: Sendable {
    enum Phase: Sendable, Equatable {
        case stopped
        case starting
        case running
        case stopping
        case failed(String)
    }

    struct State {
        var phase = Phase.stopped
        var refusesConnections = false
        /// Whether the socket listens.
        var isListening = false
    }

    private let state = Mutex(State())
    private let changed = ChangeSignal()

    var current: State { state.withLock { $0 } }

    /// Changes the state and tells those that wait for it.
    func update(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
        changed.notify()
    }

    /// Waits until the state is as asked for.
    func wait(until condition: (State) -> Bool) async throws {
        while true {
            let version = changed.version
            if condition(current) { return }
            try Task.checkCancellation()
            await changed.wait(beyond: version)
        }
    }
}
