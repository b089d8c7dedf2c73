import Alerting
import Foundation
import Synchronization
import Testing

@Suite struct OutboxDeliveryTests {
    private let store = MemoryAlertStore()
    private let log = CapturedLog()
    private let down = DeliveryError(.unreachable, "nothing answers")

    private func delivery(_ channels: [ScriptedChannel], policy: OutboxPolicy = OutboxPolicy()) -> OutboxDelivery {
        OutboxDelivery(store: store, channels: channels, policy: policy, logger: log.logger)
    }

    private func enqueue(_ ids: [String], for channels: [String] = ["a"], at time: Date = morning) async throws {
        for id in ids { try await store.enqueue(.sample(id: id, at: time, fingerprint: id), for: channels, at: time) }
    }

    @Test func sendsInOrderAndOnce() async throws {
        let a = ScriptedChannel("a")
        let b = ScriptedChannel("b")
        try await enqueue(["1", "2", "3"], for: ["a", "b"])
        try await enqueue(["2"], for: ["a"])
        let statuses = try await delivery([a, b]).run(now: minutes(1))
        #expect(a.attempts.map(\.id) == ["1", "2", "3"])
        #expect(b.attempts.map(\.id) == ["1", "2", "3"])
        #expect(statuses.map(\.channel) == ["a", "b"])
        #expect(statuses.map(\.lastSent) == [minutes(1), minutes(1)])
        #expect(statuses.map(\.waiting) == [0, 0])
        #expect(statuses.allSatisfy { $0.error == nil })
        _ = try await delivery([a, b]).run(now: minutes(2))
        #expect(a.attempts.count == 3)
    }

    @Test func oneFailureDoesNotStopTheOtherAndKeepsTheOrder() async throws {
        let works = Mutex(false)
        let a = ScriptedChannel("a") { [down] _ in if !works.withLock({ $0 }) { throw down } }
        let b = ScriptedChannel("b")
        try await enqueue(["1", "2"], for: ["a", "b"])
        let first = try await delivery([a, b]).run(now: minutes(1))
        #expect(a.attempts.map(\.id) == ["1"])
        #expect(b.attempts.map(\.id) == ["1", "2"])
        #expect(first.map(\.waiting) == [2, 0])
        #expect(first.first?.error == down)
        #expect(first.first?.failingSince == minutes(1))
        #expect(first.first?.lastSent == nil)
        // Not before the back-off is over.
        _ = try await delivery([a, b]).run(now: minutes(1.5))
        #expect(a.attempts.count == 1)
        works.withLock { $0 = true }
        let second = try await delivery([a, b]).run(now: minutes(3))
        #expect(a.attempts.map(\.id) == ["1", "1", "2"])
        #expect(second.first?.error == nil)
        #expect(second.first?.failingSince == nil)
        #expect(second.first?.lastSent == minutes(3))
    }

    @Test func backsOffUpToAnHour() async throws {
        let a = ScriptedChannel("a") { [down] _ in throw down }
        try await enqueue(["1"])
        var tries: [Double] = []
        for minute in 0..<(12 * 60) {
            let before = a.attempts.count
            _ = try await delivery([a]).run(now: minutes(Double(minute)))
            if a.attempts.count > before { tries.append(Double(minute)) }
        }
        let gaps = zip(tries.dropFirst(), tries).map { $0 - $1 }
        // 1, 2, 4, … 60 minutes, each a fifth shorter or longer, rounded up to the next run.
        for (gap, delay) in zip(gaps, [1.0, 2, 4, 8, 16, 32, 60, 60, 60]) {
            #expect(gap >= (delay * 0.8).rounded(.up) && gap <= (delay * 1.2).rounded(.up))
        }
        #expect(gaps.count >= 12)
    }

    @Test func theDelayIsSpread() {
        let policy = OutboxPolicy()
        var generator = SeededGenerator(seed: 1)
        let times = Set((0..<50).map { _ in policy.nextAttempt(afterFailures: 3, at: morning, using: &generator) })
        #expect(times.count > 40)
        #expect(policy.nextAttempt(afterFailures: 5000, at: morning, using: &generator) <= minutes(72))
        #expect(policy.nextAttempt(afterFailures: 0, at: morning, using: &generator) >= minutes(0.8))
    }

    @Test func givesUpLoudlyAfterThreeDays() async throws {
        let a = ScriptedChannel("a") { [down] _ in throw down }
        let policy = OutboxPolicy(digestFrom: nil)
        try await enqueue(["old", "older than three days too"])
        try await enqueue(["young"], at: minutes(60 * 24 * 2))
        let day3 = minutes(60 * 24 * 3 + 1)
        let status = try #require(try await delivery([a], policy: policy).run(now: day3).first)
        #expect(a.attempts.map(\.id) == ["old"])
        #expect(status.givenUp == 2)
        #expect(log.lines.count == 2)
        #expect(log.lines.allSatisfy { $0.contains("given up") && $0.contains("unreachable") })
        #expect(status.error == down)
        #expect(try await store.waiting(for: "a", limit: 10).map(\.message.id) == ["young"])
    }

    @Test func anOldMessageIsTriedBeforeItIsGivenUp() async throws {
        let a = ScriptedChannel("a")
        try await enqueue(["old"])
        let status = try #require(try await delivery([a]).run(now: minutes(60 * 24 * 30)).first)
        #expect(a.attempts.map(\.id) == ["old"])
        #expect(status.givenUp == 0)
        #expect(log.lines.isEmpty)
    }

    @Test func aMessageThatIsRefusedForWhatItHoldsWaitsAlone() async throws {
        let a = ScriptedChannel("a") { if $0.id == "poison" { throw DeliveryError(.messageRejected, "too large") } }
        try await enqueue(["1", "poison", "3", "4", "5", "6"])
        let status = try #require(try await delivery([a]).run(now: minutes(1)).first)
        #expect(a.attempts.map(\.id) == ["1", "poison", "3", "4", "5", "6"])
        #expect(status.waiting == 1)
        try await enqueue(["7"])
        _ = try await delivery([a]).run(now: minutes(1.2))
        #expect(a.attempts.map(\.id).last == "7")
        #expect(a.attempts.count == 7)
    }

    @Test func aDeliveryThatMissedSomebodyIsNotRepeated() async throws {
        let partial = DeliveryError(.recipientRefused, "x@example.org refused", delivered: true)
        let a = ScriptedChannel("a") { _ in throw partial }
        try await enqueue(["1", "2"])
        let status = try #require(try await delivery([a]).run(now: minutes(1)).first)
        #expect(a.attempts.count == 2)
        #expect(status.waiting == 0)
        #expect(status.lastSent == minutes(1))
        #expect(status.error == partial)
    }

    @Test func oneWhoIsRefusedForNowHoldsUpNobody() async throws {
        let isFull = Mutex(true)
        let channel = MailingList(refusing: { isFull.withLock { $0 } ? ["full"] : [] })
        let delivery = OutboxDelivery(store: store, channels: [channel], logger: log.logger)
        try await enqueue(["1", "2"], for: ["list"])
        let first = try #require(try await delivery.run(now: minutes(1)).first)
        #expect(channel.taken == ["1 ops", "2 ops"])
        #expect(!first.isFailing && first.error?.code == .recipientRefused && first.waiting == 2)
        // Six that wait for somebody are no digest for everybody.
        try await enqueue(["3", "4", "5", "6"], for: ["list"])
        let second = try #require(try await delivery.run(now: minutes(3)).first)
        #expect(channel.taken.suffix(4) == ["3 ops", "4 ops", "5 ops", "6 ops"])
        #expect(!second.isFailing && second.waiting == 6)
        isFull.withLock { $0 = false }
        let last = try #require(try await delivery.run(now: minutes(200)).first)
        #expect(channel.taken.count == 12)
        #expect(Set(channel.taken).count == 12)
        #expect(last.error == nil && last.waiting == 0)
    }

    @Test func oneWhoIsRefusedForNowIsGivenUpAlone() async throws {
        let channel = MailingList(refusing: { ["full"] })
        let delivery = OutboxDelivery(store: store, channels: [channel], logger: log.logger)
        try await enqueue(["1"], for: ["list"])
        _ = try await delivery.run(now: minutes(1))
        let status = try #require(try await delivery.run(now: minutes(60 * 24 * 3 + 1)).first)
        #expect(channel.taken == ["1 ops"])
        #expect(status.waiting == 0 && status.givenUp == 1 && !status.isFailing)
        #expect(log.lines.count == 1)
    }

    @Test func anUnknownErrorDoesNotShowItsText() async throws {
        struct Leaky: Error { let password = "s3cr3t" }
        let a = ScriptedChannel("a") { _ in throw Leaky() }
        try await enqueue(["1"])
        let status = try #require(try await delivery([a]).run(now: minutes(1)).first)
        #expect(status.error?.code == .unexpected)
        #expect(!String(describing: status).contains("s3cr3t"))
    }

    @Test func manyThatWaitedBecomeOne() async throws {
        let works = Mutex(false)
        let a = ScriptedChannel("a") { [down] _ in if !works.withLock({ $0 }) { throw down } }
        try await enqueue(["1", "2", "3", "4", "5", "6"])
        _ = try await delivery([a]).run(now: minutes(1))
        #expect(a.attempts.map(\.id) == ["1"])
        // The digest fails like any message, and is tried again.
        _ = try await delivery([a]).run(now: minutes(5))
        #expect(a.attempts.map(\.id) == ["1", "1+5"])
        #expect(try await store.waiting(for: "a", limit: 10).count == 6)
        works.withLock { $0 = true }
        let status = try #require(try await delivery([a]).run(now: minutes(30)).first)
        #expect(a.attempts.map(\.id) == ["1", "1+5", "1+5"])
        #expect(a.attempts.last?.transitions.count == 6)
        #expect(status.waiting == 0)
    }

    @Test func aFirstBurstIsNoDigest() async throws {
        let a = ScriptedChannel("a")
        try await enqueue(["1", "2", "3", "4", "5", "6"])
        _ = try await delivery([a]).run(now: minutes(1))
        #expect(a.attempts.count == 6)
    }

    @Test func aClockPutBackDoesNotStopIt() async throws {
        let works = Mutex(false)
        let a = ScriptedChannel("a") { [down] _ in if !works.withLock({ $0 }) { throw down } }
        try await enqueue(["1"], at: minutes(100_000))
        _ = try await delivery([a]).run(now: minutes(100_000))
        works.withLock { $0 = true }
        _ = try await delivery([a]).run(now: minutes(1))
        #expect(a.attempts.count == 2)
    }

    @Test func cancellingLosesNothing() async throws {
        let a = ScriptedChannel("a") { _ in throw CancellationError() }
        try await enqueue(["1"])
        await #expect(throws: CancellationError.self) { try await delivery([a]).run(now: minutes(1)) }
        let entry = try #require(try await store.waiting(for: "a", limit: 1).first)
        #expect(entry.attempts == 0)
    }

    @Test func aBrokenChannelIsAConditionForTheOthers() {
        var status = ChannelStatus(channel: "email")
        #expect(status.condition == nil)
        status.failed(DeliveryError(.loginRefused, "the login was refused", hint: "check the password"), at: minutes(5))
        status.failed(DeliveryError(.unreachable, "nothing answers"), at: minutes(10))
        #expect(status.condition?.since == minutes(5))
        #expect(status.condition?.summary == "alerts don't get through: nothing answers")
        status.sent(at: minutes(15))
        #expect(status.condition == nil)
    }
}
