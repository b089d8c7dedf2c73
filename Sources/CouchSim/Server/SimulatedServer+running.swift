import CouchDB
import Foundation
import NIOCore
import Synchronization

/// A server could not be started.
package struct StartFailure: Error, CustomStringConvertible {
    package let description: String
}

extension SimulatedServer {
    /// Serves from one ``start()`` to the next ``stop()``, again and again, until the task is cancelled.
    package func run() async throws {
        defer {
            Neighbourhood.shared.leave(self)
            lifecycle.update { $0.phase = .stopped }
        }
        while true {
            try await lifecycle.wait { $0.phase == .starting }
            do {
                try await serve()
                lifecycle.update { $0.phase = .stopped }
            } catch {
                try Task.checkCancellation()
                lifecycle.update { $0.phase = .failed("\(error)") }
            }
        }
    }

    /// Starts the server, and returns when it listens.
    ///
    /// What ``stop()`` left is there again; transient jobs are not.
    package func start() async throws {
        guard lifecycle.current.phase == .stopped else { throw StartFailure(description: "the server runs already") }
        lifecycle.update { $0.phase = .starting }
        try await lifecycle.wait { $0.phase != .starting }
        if case .failed(let reason) = lifecycle.current.phase { throw StartFailure(description: reason) }
    }

    /// Stops the server: its socket and all connections are closed, its jobs end.
    ///
    /// Returns when that is done.
    package func stop() async throws {
        guard lifecycle.current.phase == .running else { return }
        lifecycle.update { $0.phase = .stopping }
        defer { nudge() }
        try await lifecycle.wait { $0.phase == .stopped }
    }

    /// Stops the server and starts it again.
    package func restart() async throws {
        try await stop()
        try await start()
    }

    /// Closes the socket and all connections while the server and its jobs go on: connections are refused.
    package func refuseConnections() async throws {
        lifecycle.update { $0.refusesConnections = true }
        try await lifecycle.wait { !$0.isListening }
        nudge()
    }

    /// Listens again after ``refuseConnections()``.
    package func acceptConnections() async throws {
        lifecycle.update { $0.refusesConnections = false }
        try await lifecycle.wait { $0.isListening || $0.phase != .running }
    }

    /// Makes jobs that wait for changes ask again, as the end of their connections would.
    func nudge() {
        for database in state.withLock({ Array($0.databases.values) }) { database.changed.notify() }
    }

    private func nudgeWhenFaultsChange() async {
        while !Task.isCancelled {
            await faults.edited.wait(beyond: faults.edited.version)
            nudge()
        }
    }

    private func serve() async throws {
        state.withLock { $0.startedAt = options.now().timeIntervalSince1970 }
        Neighbourhood.shared.join(self)
        try await race(
            { try await self.listen() },
            { try await self.scheduler.run(on: self) },
            { await self.nudgeWhenFaultsChange() },
            {
                try await self.lifecycle.wait { $0.phase == .stopping }
                try await self.closeSocket()
            })
    }

    private func listen() async throws {
        let listener = Listener(port: port) { request in try await self.deliver(request) }
        while true {
            try await lifecycle.wait { !$0.refusesConnections && $0.phase != .stopping }
            defer { lifecycle.update { $0.isListening = false } }
            try await race(
                {
                    try await listener.run { channel in
                        self.socket.withLock { $0 = channel }
                        self.lifecycle.update { state in
                            state.isListening = true
                            if state.phase == .starting { state.phase = .running }
                        }
                    }
                },
                {
                    try await self.lifecycle.wait { $0.refusesConnections }
                    try await self.closeSocket()
                })
        }
    }

    /// Takes no more connections, before those that there are come to their end.
    private func closeSocket() async throws {
        guard let channel = socket.withLock({ $0.take() }), channel.isActive else { return }
        try await channel.close()
    }

    private func deliver(_ request: SimulatedRequest) async throws -> Delivery {
        requests.record(request)
        let struck = faults.take(for: request)
        var response: SimulatedResponse
        if let substitute = SimulatedResponse(faults: struck) {
            response = substitute
        } else {
            let isDecoded = struck.contains { if case .decodedPath = $0.effect { true } else { false } }
            response = try await Exchange.response(
                to: isDecoded ? request.decoded : request, on: self, effects: struck.map(\.effect))
            let isAccepted = struck.contains { if case .accepted = $0.effect { true } else { false } }
            if isAccepted, response.status == 201 { response.status = 202 }
        }
        return Delivery(response, faults: struck, plan: faults, clock: options.clock)
    }
}
