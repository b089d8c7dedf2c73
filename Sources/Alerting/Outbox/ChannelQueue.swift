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
        // Who has a message already must not get it again in a digest.
        let whole = entries.filter { $0.rest == nil }
        if let digest = digest(of: whole, ignoringBackoff: ignoringBackoff) {
            guard case .failed(let error) = try await attempt(digest, for: whole), let head = whole.first else {
                return
            }
            try await fail(head, error, behind: whole.dropFirst())
            return
        }
        for (index, entry) in entries.enumerated() {
            guard ignoringBackoff || delivery.policy.isDue(entry, at: now) else {
                if entry.waitsAlone { continue }
                return
            }
            guard case .failed(let error) = try await attempt(entry.message, for: [entry]) else { continue }
            let isChannelDown = error.code != .messageRejected && !error.delivered
            try await fail(entry, error, behind: isChannelDown ? entries.dropFirst(index + 1) : [])
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
        // One alone has a rest: a digest is of messages that nobody got.
        let rest = entries.first?.rest
        do {
            if let rest {
                try await channel.deliver(message, toRest: rest)
            } else {
                try await channel.deliver(message)
            }
        } catch let error as DeliveryError {
            guard error.delivered else { return .failed(error) }
            // None of those who were left took it: it stays as it is.
            if let rest, error.rest == rest { return .failed(error) }
            warning = error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // The text of an unknown error may hold a secret; its type can't.
            return .failed(DeliveryError(.unexpected, "delivery failed with \(type(of: error))"))
        }
        try await delivery.store.markSent(
            entries.map(\.id), at: now, warning: warning, rest: later(message, of: entries, warning))
        return .sent
    }

    /// What of a delivered message waits for those who refused it for now; nil: nothing.
    private func later(_ message: Message, of entries: [OutboxEntry], _ warning: DeliveryError?) -> OutboxEntry? {
        guard let warning, let rest = warning.rest, let head = entries.first, message.kind != .test else { return nil }
        var entry = OutboxEntry(message, for: channel.name, at: head.enqueuedAt)
        var generator = SystemRandomNumberGenerator()
        entry.fail(
            warning, nextAttempt: delivery.policy.nextAttempt(afterFailures: 1, at: now, using: &generator))
        entry.rest = rest
        return entry
    }

    /// Notes the failure, and gives up what is too old: this message, and behind it those that wait for the same.
    private func fail(
        _ entry: OutboxEntry, _ error: DeliveryError, behind: ArraySlice<OutboxEntry>
    ) async throws {
        if delivery.policy.givesUp(entry, at: now) {
            try await giveUp(entry, error)
        } else {
            var generator = SystemRandomNumberGenerator()
            let next = delivery.policy.nextAttempt(
                afterFailures: entry.attempts + 1, at: now, using: &generator)
            try await delivery.store.markFailed(entry.id, error: error, at: now, nextAttempt: next)
        }
        for entry in behind where delivery.policy.givesUp(entry, at: now) { try await giveUp(entry, error) }
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
