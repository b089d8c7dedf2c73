import Synchronization

/// The faults of a server that are in force.
package final class FaultPlan: Sendable {
    /// Names a fault that was added.
    package struct ID: Sendable, Hashable { fileprivate let number: Int }

    private struct State {
        var next = 0
        var faults: [(id: ID, fault: Fault)] = []
        var strikes: [ID: Int] = [:]
        /// Faults whose answers stand still, also those that strike no further request.
        var stalling: Set<ID> = []
    }

    private let state = Mutex(State())
    private let changed = ChangeSignal()
    /// Notified when a fault is added or taken back.
    let edited = ChangeSignal()

    init() {}

    /// Puts a fault in force.
    @discardableResult
    package func add(_ fault: Fault) -> ID {
        defer { edited.notify() }
        return state.withLock { state in
            state.next += 1
            let id = ID(number: state.next)
            state.faults.append((id, fault))
            return id
        }
    }

    /// Takes a fault back; answers that it stalls go on.
    package func remove(_ id: ID) {
        state.withLock { state in
            state.faults.removeAll { $0.id == id }
            state.stalling.remove(id)
        }
        changed.notify()
        edited.notify()
    }

    /// Takes all faults back.
    package func removeAll() {
        state.withLock { state in
            state.faults = []
            state.stalling = []
        }
        changed.notify()
        edited.notify()
    }

    /// How many requests a fault has struck.
    package func strikes(of id: ID) -> Int { state.withLock { $0.strikes[id] ?? 0 } }

    /// Waits until a fault has struck that many requests.
    package func struck(_ id: ID, times count: Int = 1) async throws {
        try await wait { $0.strikes[id, default: 0] >= count }
    }

    /// The faults that strike a request; those with a count are used up by this.
    func take(for request: SimulatedRequest) -> [StruckFault] {
        let struck = state.withLock { state in
            var struck: [StruckFault] = []
            for index in state.faults.indices where state.faults[index].fault.matches(request) {
                let (id, fault) = state.faults[index]
                guard fault.after == 0 else {
                    state.faults[index].fault.after -= 1
                    continue
                }
                struck.append(StruckFault(id: id, effect: fault.effect))
                state.strikes[id, default: 0] += 1
                if case .stall = fault.effect { state.stalling.insert(id) }
                if let count = fault.count { state.faults[index].fault.count = count - 1 }
            }
            state.faults.removeAll { $0.fault.count == 0 }
            return struck
        }
        if !struck.isEmpty { changed.notify() }
        return struck
    }

    /// Waits until a fault that stalls an answer is taken back.
    func relieved(_ id: ID) async throws {
        try await wait { !$0.stalling.contains(id) }
    }

    private func wait(until condition: (State) -> Bool) async throws {
        while true {
            let version = changed.version
            if state.withLock({ condition($0) }) { return }
            try Task.checkCancellation()
            await changed.wait(beyond: version)
        }
    }
}

/// A fault as it strikes one request.
struct StruckFault: Sendable {
    let id: FaultPlan.ID
    let effect: Fault.Effect
}
