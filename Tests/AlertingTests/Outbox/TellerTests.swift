import Alerting
import Foundation
import Testing

/// From a pass to what arrives.
@Suite struct TellerTests {
    private let store = MemoryAlertStore()

    private func teller(_ channels: [String]) -> Teller {
        Teller(store: store, channels: channels, origin: .sample)
    }

    @Test func onePassIsOneMessageForEachChannel() async throws {
        let a = ScriptedChannel("a")
        let b = ScriptedChannel("b")
        let teller = teller(["a", "b"])
        let delivery = OutboxDelivery(store: store, channels: [a, b])
        let conditions = [Condition.sample("orders"), .sample("invoices", .warning)]
        for minute in stride(from: 0.0, to: 30, by: 5) {
            let told = try await teller.tell(
                AlertPass(at: minutes(minute), conditions: minute < 15 ? conditions : []))
            #expect((told != nil) == (minute == 0 || minute == 20))
            _ = try await delivery.run(now: minutes(minute))
        }
        let subjects = ["[couchkeep] 2 problems: orders, invoices", "[couchkeep] 2 resolved: orders, invoices"]
        #expect(a.attempts.map(\.subject) == subjects)
        #expect(b.attempts == a.attempts)
    }

    @Test func whatNobodyHeardIsToldToWhoeverListensLater() async throws {
        func tell(_ minute: Double, to channels: [String]) async throws -> [Transition.Kind] {
            let pass = AlertPass(
                at: minutes(minute),
                conditions: [.sample("server"), .sample("orders", cause: "server"), .sample("invoices", .warning)])
            return try await teller(channels).tell(pass)?.transitions.map(\.kind) ?? []
        }
        #expect(try await tell(0, to: []) == [])
        #expect(try await store.ledger().records.values.allSatisfy { $0.lastTold == nil })
        #expect(try await store.ledger().records["orders"]?.foldedUnder == "server")
        #expect(try await tell(5, to: ["a"]) == [.new, .new])
        #expect(try await tell(10, to: []) == [])
        #expect(try await tell(15, to: ["a"]) == [])
    }

    @Test func aTestGoesThroughEveryChannelAndIsNotKept() async throws {
        let a = ScriptedChannel("a")
        let b = ScriptedChannel("b") { _ in throw DeliveryError(.unreachable, "nothing answers") }
        let delivery = OutboxDelivery(store: store, channels: [a, b])
        try await store.enqueue(.sample(id: "waiting"), for: ["b"], at: morning)
        _ = try await delivery.run(now: morning)
        let statuses = try await teller(["a", "b"]).test(through: delivery, at: minutes(0.1))
        #expect(a.attempts.map(\.kind) == [.test])
        #expect(statuses.map { $0.error?.code } == [nil, .unreachable])
        #expect(statuses.map(\.givenUp) == [0, 0])
        // What waits is tried again for the person who looks, and stays; the test does not.
        #expect(b.attempts.map(\.id) == ["waiting", "waiting"])
        #expect(try await store.waiting(for: "b", limit: 10).map(\.message.id) == ["waiting"])
    }
}
