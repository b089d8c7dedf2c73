import Foundation
import Logging

/// The messages that wait for one channel, during one run.
struct ChannelQueue {
    let channel: any Channel
    let delivery: OutboxDelivery
    let now: Date

    private enum Outcome {
        case sent
        case failed(DeliveryError)
    }

    mutating func deliver(ignoringBackoff: Bool) async throws {
        let entries = try await delivery.store.waiting(for: channel.name, limit: delivery.policy.batch)
        if let digest = digest(of: entries, ignoringBackoff: ignoringBackoff) {
            guard case .failed(let error) = try await attempt(digest, for: entries), let head = entries.first else {
                return
            }
            try await fail(head, error, rest: entries.dropFirst())
            return
        }
        for (index, entry) in entries.enumerated() {
            guard ignoringBackoff || delivery.policy.isDue(entry, at: now) else {
                // A message that was refused for what it holds waits alone; any other failure holds up the channel.
                if entry.lastError?.code == .messageRejected { continue }
                return
            }
            guard case .failed(let error) = try await attempt(entry.message, for: [entry]) else { continue }
            let isChannelDown = error.code != .messageRejected
            try await fail(entry, error, rest: isChannelDown ? entries.dropFirst(index + 1) : [])
            if isChannelDown { return }
        }
    }

    /// One message for all that wait, where the channel failed and enough have gathered.
    private func digest(of entries: [OutboxEntry], ignoringBackoff: Bool) -> Message? {
        guard let head = entries.first, let least = delivery.policy.digestFrom, entries.count >= max(2, least),
            head.attempts > 0, head.lastError?.code != .messageRejected,
            ignoringBackoff || delivery.policy.isDue(head, at: now),
            entries.allSatisfy({ $0.message.kind == .alert })
        else { return nil }
        return Digest.message(of: entries.map(\.message), at: now)
    }

    private func attempt(_ message: Message, for entries: [OutboxEntry]) async throws -> Outcome {
        var warning: DeliveryError?
        do {
            try await channel.deliver(message)
        } catch let error as DeliveryError {
            guard error.delivered else { return .failed(error) }
            warning = error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // The text of an unknown error may hold a secret; its type can't.
            return .failed(DeliveryError(.unexpected, "delivery failed with \(type(of: error))"))
        }
        try await delivery.store.markSent(entries.map(\.id), at: now, warning: warning)
        return .sent
    }

    /// Notes the failure, and gives up what is too old: this message, and behind it those that wait for the same.
    private func fail(
        _ entry: OutboxEntry, _ error: DeliveryError, rest: ArraySlice<OutboxEntry>
    ) async throws {
        if delivery.policy.givesUp(entry, at: now) {
            try await giveUp(entry, error)
        } else {
            var generator = SystemRandomNumberGenerator()
            let next = delivery.policy.nextAttempt(
                afterFailures: entry.attempts + 1, at: now, using: &generator)
            try await delivery.store.markFailed(entry.id, error: error, at: now, nextAttempt: next)
        }
        for entry in rest where delivery.policy.givesUp(entry, at: now) { try await giveUp(entry, error) }
    }

    private func giveUp(_ entry: OutboxEntry, _ error: DeliveryError) async throws {
        if entry.message.kind != .test {
            delivery.logger.error(
                "a message could not be delivered and is given up",
                metadata: [
                    "channel": "\(channel.name)", "subject": "\(entry.message.subject)", "error": "\(error)",
                    "attempts": "\(entry.attempts + 1)", "written": "\(entry.enqueuedAt.iso8601Text)",
                ])
        }
        try await delivery.store.markGivenUp(entry, error: error, at: now)
    }
}
