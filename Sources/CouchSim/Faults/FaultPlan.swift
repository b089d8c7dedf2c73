import Synchronization

/// The faults of a server that are in force.
package final class FaultPlan: Sendable {
    /// Names a fault that was added.
    package struct ID: Sendable, Hashable { fileprivate let number: Int }

    private struct State {
        var next = 0
        var faults: [(id: ID, fault: Fault)] = []
        var struck: [ID: Int] = [:]
    }

    private let state = Mutex(State())
    /// Notified when a fault is added or taken back.
    let changed = ChangeSignal()

    init() {}

    /// Puts a fault in force.
    @discardableResult
    package func add(_ fault: Fault) -> ID {
        defer { changed.notify() }
        return state.withLock { state in
            state.next += 1
            let id = ID(number: state.next)
            state.faults.append((id, fault))
            return id
        }
    }

    /// Takes a fault back; answers that it stalls go on.
    package func remove(_ id: ID) {
        state.withLock { $0.faults.removeAll { $0.id == id } }
        changed.notify()
    }

    /// Takes all faults back.
    package func removeAll() {
        state.withLock { $0.faults = [] }
        changed.notify()
    }

    /// How many requests a fault has struck.
    package func strikes(of id: ID) -> Int { state.withLock { $0.struck[id] ?? 0 } }

    /// The effects on a request; those with a count are used up by this.
    func take(for request: SimulatedRequest) -> [Fault.Effect] {
        state.withLock { state in
            var effects: [Fault.Effect] = []
            for index in state.faults.indices where state.faults[index].fault.matches(request) {
                effects.append(state.faults[index].fault.effect)
                state.struck[state.faults[index].id, default: 0] += 1
                if let count = state.faults[index].fault.count { state.faults[index].fault.count = count - 1 }
            }
            state.faults.removeAll { $0.fault.count == 0 }
            return effects
        }
    }

    /// Waits until some fault is added or taken back.
    func waitForChange() async { await changed.wait(beyond: changed.version) }
}
