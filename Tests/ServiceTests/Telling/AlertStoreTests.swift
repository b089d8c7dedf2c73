import Alerting
import Foundation
import Supervision
import Testing

@testable import Service

/// The stored outbox and ledger behave as those in memory, and are there after the program has ended.
@Suite struct AlertStoreTests {
    /// The two stores of one contract.
    enum Kind: String, CaseIterable {
        case memory, stored
    }

    private let morning = Date(timeIntervalSince1970: 1_795_507_200)
    private let down = DeliveryError(.unreachable, "nothing answers", hint: "start it")

    private func withStore(
        _ kind: Kind, _ body: (any AlertStore, () throws -> any AlertStore) async throws -> Void
    ) async throws {
        switch kind {
        case .memory:
            let store = MemoryAlertStore()
            try await body(store) { store }
        case .stored:
            let folder = try TemporaryFolder()
            func open() throws -> any AlertStore {
                StoredAlerts(try StateDatabase(folder: folder.path, migrations: StoredAlerts.migrate))
            }
            try await body(try open(), open)
        }
    }

    private func message(_ id: String, _ kind: Message.Kind = .alert) -> Message {
        Message(
            id: id, kind: kind, at: morning, subject: "subject of \(id)", body: "body ⚠\n", transitions: [],
            origin: MessageOrigin(host: "h", externalURL: ""))
    }

    @Test(arguments: Kind.allCases)
    func queuesKeepTheirOrderAndTakeAMessageOnce(kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            for id in ["b", "a", "c"] { try await store.enqueue(message(id), for: ["mail", "web"], at: morning) }
            try await store.enqueue(message("b"), for: ["mail"], at: morning.addingTimeInterval(9))
            #expect(try await store.waiting(for: "mail", limit: 10).map(\.message.id) == ["b", "a", "c"])
            #expect(try await store.waiting(for: "mail", limit: 2).map(\.message.id) == ["b", "a"])
            #expect(try await store.waiting(for: "mail", limit: 1).first?.enqueuedAt == morning)
            #expect(try await store.waiting(for: "other", limit: 10).isEmpty)
            #expect(try await store.status(of: "mail").waiting == 3)

            try await store.markSent(
                [OutboxEntry.ID(message: "b", channel: "mail"), OutboxEntry.ID(message: "c", channel: "mail")],
                at: morning, warning: nil, rest: nil)
            #expect(try await store.waiting(for: "mail", limit: 10).map(\.message.id) == ["a"])
            #expect(try await store.waiting(for: "web", limit: 10).count == 3)
            let status = try await store.status(of: "mail")
            #expect(status.lastSent == morning && status.error == nil && status.waiting == 1)
            #expect(try await store.status(of: "web").lastSent == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func failuresAreCountedAndMendedBySuccess(kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            let id = OutboxEntry.ID(message: "a", channel: "mail")
            try await store.enqueue(message("a"), for: ["mail"], at: morning)
            let later = morning.addingTimeInterval(60)
            for number in 0..<3 {
                try await store.markFailed(
                    id, error: down, at: morning.addingTimeInterval(Double(number)), nextAttempt: later)
            }
            let entry = try #require(try await store.waiting(for: "mail", limit: 1).first)
            #expect(entry.attempts == 3 && entry.nextAttempt == later && entry.lastError == down)
            let failing = try await store.status(of: "mail")
            #expect(failing.error == down && failing.failingSince == morning && failing.waiting == 1)

            let warning = DeliveryError(.recipientRefused, "one of two was refused", delivered: true)
            try await store.markSent([id], at: later, warning: warning, rest: nil)
            let partly = try await store.status(of: "mail")
            #expect(partly.error == warning && partly.failingSince == nil && partly.lastSent == later)
            #expect(partly.waiting == 0)
        }
    }

    @Test(arguments: Kind.allCases)
    func whatSomebodyDidNotGetWaitsAtTheEnd(kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            for id in ["a", "b"] { try await store.enqueue(message(id), for: ["mail"], at: morning) }
            let deferred = DeliveryError(
                .recipientRefused, "the mailbox is full", delivered: true, rest: ["full@example.org"])
            var rest = OutboxEntry(message("a"), for: "mail", at: morning)
            rest.fail(deferred, nextAttempt: morning)
            rest.rest = ["full@example.org"]
            try await store.markSent([rest.id], at: morning, warning: deferred, rest: rest)
            #expect(try await store.waiting(for: "mail", limit: 9).map(\.message.id) == ["b", "a"])
            #expect(try await store.waiting(for: "mail", limit: 9).last == rest)
            // It hides no later message, however few are looked at.
            try await store.enqueue(message("c"), for: ["mail"], at: morning)
            #expect(try await store.waiting(for: "mail", limit: 2).map(\.message.id) == ["b", "c"])
            try await store.markSent(
                [OutboxEntry.ID(message: "c", channel: "mail")], at: morning, warning: nil, rest: nil)
            // Refused once more, while the others have it: no failure of the channel.
            try await store.markFailed(rest.id, error: deferred, at: morning, nextAttempt: morning)
            let status = try await store.status(of: "mail")
            #expect(!status.isFailing && status.error == deferred && status.lastSent == morning && status.waiting == 2)
            #expect(try await store.waiting(for: "mail", limit: 9).last?.attempts == 2)
        }
    }

    @Test(arguments: Kind.allCases)
    func whatIsGivenUpIsCounted(kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            try await store.enqueue(message("a"), for: ["mail"], at: morning)
            try await store.enqueue(message("t", .test), for: ["mail"], at: morning)
            for entry in try await store.waiting(for: "mail", limit: 10) {
                try await store.markGivenUp(entry, error: down, at: morning)
            }
            let status = try await store.status(of: "mail")
            #expect(status.waiting == 0 && status.givenUp == 1 && status.error == down)
        }
    }

    @Test(arguments: Kind.allCases)
    func ledgerAndMessageAreCommittedTogetherAndSurvive(kind: Kind) async throws {
        try await withStore(kind) { store, reopen in
            #expect(try await store.ledger() == Ledger())
            var ledger = Ledger()
            let condition = Condition(
                fingerprint: "f", subject: "orders", rule: "r", severity: .critical, summary: "s", since: morning,
                impact: "i", next: "n", details: ["k": "v"], cause: nil)
            let pass = AlertPass(at: morning, conditions: [condition])
            #expect(ledger.advance(pass, policy: AlertPolicy()).count == 1)
            try await store.commit(ledger, message: message("a"), for: ["mail", "web"], at: morning)
            try await store.markFailed(
                OutboxEntry.ID(message: "a", channel: "web"), error: down, at: morning, nextAttempt: morning)

            let again = try reopen()
            #expect(try await again.ledger() == ledger)
            #expect(try await again.waiting(for: "mail", limit: 9).map(\.message) == [message("a")])
            #expect(try await again.waiting(for: "web", limit: 9).first?.attempts == 1)
            #expect(try await again.status(of: "web").error == down)
            // The same pass again tells nothing again.
            var next = try await again.ledger()
            let later = AlertPass(at: morning.addingTimeInterval(300), conditions: [condition])
            #expect(next.advance(later, policy: AlertPolicy()).isEmpty)
            try await again.commit(next, message: nil, for: ["mail"], at: morning)
            #expect(try await again.waiting(for: "mail", limit: 9).count == 1)
        }
    }

    @Test func theHeartbeatsStatusIsKeptToo() async throws {
        let folder = try TemporaryFolder()
        let alerts = StoredAlerts(try StateDatabase(folder: folder.path, migrations: StoredAlerts.migrate))
        try await alerts.note("heartbeat") { [morning] in $0.sent(at: morning) }
        try await alerts.note("heartbeat") { [down, morning] in $0.failed(down, at: morning) }
        let status = try await alerts.status(of: "heartbeat")
        #expect(status.lastSent == morning && status.error == down && status.waiting == 0)
    }
}
