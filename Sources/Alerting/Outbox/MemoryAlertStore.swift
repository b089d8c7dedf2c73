import Foundation
import Synchronization

/// An outbox and ledger in memory: the model of the stored one, for tests.
package final class MemoryAlertStore: AlertStore {
    private struct State {
        var queues: [String: [OutboxEntry]] = [:]
        var statuses: [String: ChannelStatus] = [:]
        var ledger = Ledger()

        mutating func enqueue(_ message: Message, for channels: [String], at time: Date) {
            for channel in channels where queues[channel]?.contains(where: { $0.message.id == message.id }) != true {
                queues[channel, default: []].append(OutboxEntry(message, for: channel, at: time))
            }
        }

        mutating func remove(_ id: OutboxEntry.ID) {
            queues[id.channel]?.removeAll { $0.id == id }
        }

        mutating func status(of channel: String, _ change: (inout ChannelStatus) -> Void) {
            change(&statuses[channel, default: ChannelStatus(channel: channel)])
        }
    }

    private let state = Mutex(State())

    package init() {}

    package func enqueue(_ message: Message, for channels: [String], at time: Date) async throws {
        state.withLock { $0.enqueue(message, for: channels, at: time) }
    }

    package func waiting(for channel: String, limit: Int) async throws -> [OutboxEntry] {
        state.withLock { state in
            let queue = state.queues[channel] ?? []
            return Array((queue.filter { $0.rest == nil } + queue.filter { $0.rest != nil }).prefix(limit))
        }
    }

    package func markSent(
        _ ids: [OutboxEntry.ID], at time: Date, warning: DeliveryError?, rest: OutboxEntry?
    ) async throws {
        state.withLock { state in
            for id in ids {
                state.remove(id)
                state.status(of: id.channel) { $0.sent(at: time, warning: warning) }
            }
            if let rest { state.queues[rest.channel, default: []].append(rest) }
        }
    }

    package func markFailed(
        _ id: OutboxEntry.ID, error: DeliveryError, at time: Date, nextAttempt: Date
    ) async throws {
        state.withLock { state in
            if let index = state.queues[id.channel]?.firstIndex(where: { $0.id == id }) {
                state.queues[id.channel]?[index].fail(error, nextAttempt: nextAttempt)
            }
            state.status(of: id.channel) { $0.failed(error, at: time) }
        }
    }

    package func markGivenUp(_ entry: OutboxEntry, error: DeliveryError, at time: Date) async throws {
        state.withLock { state in
            state.remove(entry.id)
            state.status(of: entry.channel) { $0.gaveUp(entry.message, error, at: time) }
        }
    }

    package func status(of channel: String) async throws -> ChannelStatus {
        state.withLock { state in
            var status = state.statuses[channel] ?? ChannelStatus(channel: channel)
            status.waiting = state.queues[channel]?.count ?? 0
            return status
        }
    }

    package func ledger() async throws -> Ledger {
        state.withLock { $0.ledger }
    }

    package func commit(_ ledger: Ledger, message: Message?, for channels: [String], at time: Date) async throws {
        state.withLock { state in
            state.ledger = ledger
            if let message { state.enqueue(message, for: channels, at: time) }
        }
    }
}
