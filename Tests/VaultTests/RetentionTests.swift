import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("What pruning keeps")
struct RetentionTests {
    private static let now = Date(timeIntervalSince1970: 1_790_000_000)

    /// Moments every six hours of 400 days.
    private static func moments(verified: Int? = nil) throws -> [Moment] {
        try (1...1_600).map { number in
            try Moment.sample(
                number: number, time: now.addingTimeInterval(Double(number - 1_600) * 6 * 3_600),
                verified: number == verified ? now : nil)
        }
    }

    @Test("An empty policy is refused", arguments: [KeepPolicy(), KeepPolicy(within: 0, last: 0, daily: -1)])
    func empty(policy: KeepPolicy) throws {
        let error = #expect(throws: VaultError.self) { try policy.decide(Self.moments(), now: Self.now) }
        #expect(error?.code == .refused)
    }

    @Test("Each rule keeps the newest of its periods")
    func rules() throws {
        let policy = KeepPolicy(within: 86_400, last: 2, hourly: 3, daily: 5, weekly: 4, monthly: 12, yearly: 5)
        let decisions = try policy.decide(Self.moments(), now: Self.now)
        func count(_ reason: MomentDecision.Reason) -> Int { decisions.count { $0.reasons.contains(reason) } }
        #expect(count(.within) == 5)
        #expect(count(.last) == 2)
        #expect(count(.hourly) == 3)
        #expect(count(.daily) == 5)
        #expect(count(.weekly) == 4)
        #expect(count(.monthly) == 12)
        #expect(count(.yearly) == 2)
        #expect(count(.newest) == 1)
        #expect(decisions.last?.reasons.contains(.newest) == true)
        // The newest of its day, in UTC.
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        let moments = decisions.map(\.moment)
        for decision in decisions where decision.reasons.contains(.daily) {
            let day = calendar.startOfDay(for: decision.moment.time)
            #expect(moments.last { calendar.startOfDay(for: $0.time) == day } == decision.moment)
        }
    }

    @Test("What held until a minute ago is kept by `within`, however old its moment is")
    func quietDatabase() throws {
        let day = 86_400.0
        var moments = try [-40, -30, -20, 0].enumerated().map { index, days in
            try Moment.sample(number: index + 1, time: Self.now.addingTimeInterval(days * day - 60))
        }
        let decisions = try KeepPolicy(within: 7 * day).decide(moments, now: Self.now)
        #expect(decisions.map(\.reasons) == [[], [], [.heldBefore], [.newest, .lastComplete, .within]])

        // What was not read to its end takes no complete one's place.
        moments[2].isComplete = false
        let incomplete = try KeepPolicy(within: 7 * day).decide(moments, now: Self.now)
        #expect(incomplete.map(\.isKept) == [false, true, true, true])
        let all = try KeepPolicy(within: 90 * day).decide(moments, now: Self.now)
        #expect(all.allSatisfy { $0.reasons.contains(.within) && !$0.reasons.contains(.heldBefore) })
        let none = try KeepPolicy(within: 0, last: 1).decide(moments, now: Self.now)
        #expect(none.map(\.isKept) == [false, false, false, true])
    }

    @Test("The last verified moment and the newest stay, whatever the rules say")
    func verified() throws {
        let decisions = try KeepPolicy(last: 1).decide(Self.moments(verified: 700), now: Self.now)
        #expect(decisions.filter(\.isKept).map(\.moment.number) == [700, 1_600])
        #expect(decisions[699].reasons == [.lastVerified])
    }

    @Test("Periods go by time, and what was last by number, for a clock that was wrong")
    func clock() throws {
        let moments = try [
            Moment.sample(number: 1, time: Self.now.addingTimeInterval(-100)),
            Moment.sample(number: 2, time: Self.now.addingTimeInterval(-300)),
        ]
        let decisions = try KeepPolicy(daily: 1).decide(moments, now: Self.now)
        #expect(decisions[0].reasons == [.daily])
        #expect(decisions[1].reasons == [.newest, .lastComplete])
    }

    @Test("A clock that went back drops neither the last verified moment, nor the last complete one, nor the last ones")
    func clockBack() throws {
        let day = 86_400.0
        var moments = try (1...4).map { number in
            try Moment.sample(
                number: number, time: Self.now.addingTimeInterval(number < 3 ? 9 * day : Double(number)),
                verified: number == 1 || number == 3 ? Self.now : nil)
        }
        moments[3].isComplete = false
        let decisions = try KeepPolicy(last: 2).decide(moments, now: Self.now)
        #expect(decisions.map(\.reasons) == [[], [], [.lastVerified, .lastComplete, .last], [.newest, .last]])
    }

    @Test("An incomplete moment takes no complete one's place in its period")
    func incomplete() throws {
        let hour = 3_600.0
        var moments = try [-49, -30, -26, -3, -2, -1].enumerated().map { index, hours in
            try Moment.sample(number: index + 1, time: Date(timeIntervalSince1970: 86_400 * 20_000 + hours * hour))
        }
        for index in [0, 2, 4, 5] { moments[index].isComplete = false }
        let decisions = try KeepPolicy(daily: 3).decide(moments, now: Self.now)
        #expect(decisions.filter { $0.reasons.contains(.daily) }.map(\.moment.number) == [1, 2, 4])
    }

    @Test("One of which only the revisions were compared takes no place of one of which the content was")
    func contentProved() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        let start = TemporaryVault.start
        for minute in 1...4 {
            _ = try await database.store([try DocumentModel.revision(DocumentID("\(minute)"))], checkpoint: nil)
            try await database.seal(minute: minute)
        }
        func reasons() async throws -> [[MomentDecision.Reason]] {
            try await database.prunePlan(KeepPolicy(last: 1), now: start).decisions.map(\.reasons)
        }
        try await database.markVerified(1, content: true, at: start)
        try await database.markVerified(2, content: false, at: start)
        #expect(try await reasons() == [[.lastProved], [.lastVerified], [], [.newest, .lastComplete, .last]])
        // The past proved again takes no newer one's place.
        try await database.markVerified(2, content: true, at: start)
        try await database.markVerified(1, content: true, at: start)
        #expect(try await reasons() == [[], [.lastVerified, .lastProved], [], [.newest, .lastComplete, .last]])
        try await database.markVerified(3, content: false, at: start)
        let proved: [[MomentDecision.Reason]] = [
            [], [.lastProved], [.lastVerified], [.newest, .lastComplete, .last],
        ]
        #expect(try await reasons() == proved)

        // Neither another epoch nor damage takes it back.
        let source = SourceIdentity(name: "source")
        try await database.beginEpoch(source, reason: "a test", at: start)
        #expect(try await reasons() == proved)
        _ = try await database.store(
            [try DocumentModel.revision("a")],
            checkpoint: Checkpoint(id: "c", sequence: .zero, sourceIdentity: "x", session: "s", number: 1, time: start))
        try await change(folder, "UPDATE checkpoint SET hash = hash + 1 WHERE id = 'c'")
        #expect(try await database.setDamagedAside().checkpoints == 1)
        #expect(try await reasons() == proved)

        // Where it can't be read, it may be any that was compared.
        try await change(folder, "UPDATE checkpoint SET value = x'7b7d' WHERE id = 'proof'")
        let unknown = try await reasons()
        #expect(unknown.map { $0.contains(.lastProved) } == [true, true, true, false])
        try await database.markVerified(4, content: true, at: start)
        #expect(try await reasons() == [[], [], [], [.newest, .lastVerified, .lastProved, .lastComplete, .last]])
    }

    private func change(_ folder: TemporaryVault, _ sql: String) async throws {
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test("A set of row numbers has what was put into it")
    func rowNumbers() {
        var numbers = RowNumbers()
        for number in [0, 63, 64, 1_000_000, Int64.max, -5] as [Int64] { numbers.insert(number) }
        numbers.insert(64)
        #expect(numbers.count == 6)
        #expect(numbers.contains(-5) && numbers.contains(.max) && !numbers.contains(65) && !numbers.contains(-6))
        numbers.remove(63)
        numbers.remove(7)
        #expect(numbers.count == 5 && !numbers.contains(63))
    }

    @Test("Nothing happens without a confirmation, or after the plan is out of date; then space comes back")
    func prune() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        var path: RevisionPath?
        for minute in 0..<20 {
            let bytes = Data((0..<120_000).map { UInt8(truncatingIfNeeded: ($0 &* $0) >> 3 &+ minute) })
            let revision = try DocumentModel.revision(
                "doc", on: path, members: #""minute":\#(minute)"#,
                attachments: [("file", bytes), ("s", bytes.prefix(40_000))])
            path = revision.path
            _ = try await database.store([revision], checkpoint: nil)
            try await database.seal(minute: minute)
        }
        let plan = try await database.prunePlan(KeepPolicy(last: 2), now: TemporaryVault.start)
        #expect(plan.dropped.count == 18)
        await #expect(throws: VaultError.self) { try await database.prune(plan, isConfirmed: false) }
        #expect(try await database.moments().count == 20)
        try await database.markVerified(5, content: false, at: TemporaryVault.start)
        await #expect(throws: VaultError.self) { try await database.prune(plan, isConfirmed: true) }

        let before = try await database.statistics()
        let renewed = try await database.prunePlan(KeepPolicy(last: 2), now: TemporaryVault.start)
        let result = try await database.prune(renewed, isConfirmed: true)
        let after = try await database.statistics()
        #expect(result.moments == 17)
        #expect(result.bodies == 17)
        #expect(result.attachments == 34)
        #expect(result.freedBytes > 17 * 160_000)
        #expect(after.fileBytes < before.fileBytes / 4)
        #expect(try await database.moments().map(\.number) == [5, 19, 20])
        #expect(try await database.check(readData: true).problems == [])
    }

    @Test("A place in the feed is not given a second time, whatever was purged and pruned")
    func places() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store([try DocumentModel.revision("a")], checkpoint: nil)
        try await database.seal(minute: 0)
        let purged = try DocumentModel.revision("purged")
        _ = try await database.store([purged], checkpoint: nil)
        try await database.seal(minute: 1)
        let end = try await database.changes(since: .zero, limit: 10, patience: nil).lastSequence
        #expect(
            try await database.forget([DocumentLeaves(id: purged.id, revisions: [purged.revision])]) == 1)
        try await database.seal(minute: 2)
        let plan = try await database.prunePlan(KeepPolicy(last: 1), now: TemporaryVault.start)
        _ = try await database.prune(plan, isConfirmed: true)
        _ = try await database.store([try DocumentModel.revision("new")], checkpoint: nil)
        try await database.seal(minute: 3)
        #expect(try await database.changes(since: end, limit: 10, patience: nil).documents.map(\.id) == ["new"])
        #expect(try await database.check(readData: true).problems == [])
    }

    @Test("What two moments differ in")
    func differences() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        let (a, b, c) = (
            try DocumentModel.revision("a", members: #""n":1"#), try DocumentModel.revision("b"),
            try DocumentModel.revision("c")
        )
        _ = try await database.store([a, b, c], checkpoint: nil)
        let first = try await database.seal(minute: 1)
        let changed = try DocumentModel.revision("a", on: a.path, members: #""n":2"#)
        let deleted = try DocumentModel.revision("b", on: b.path, isDeleted: true)
        let added = try DocumentModel.revision("d")
        _ = try await database.store([changed, deleted, added], checkpoint: nil)
        let second = try await database.seal(minute: 2)
        let back = try DocumentModel.revision("b", on: deleted.path)
        _ = try await database.store([back], checkpoint: nil)
        let third = try await database.seal(minute: 3)

        func kinds(_ from: Moment, _ to: Moment) async throws -> [String: DocumentDifference.Kind] {
            var kinds: [String: DocumentDifference.Kind] = [:]
            try await database.differences(from: from, to: to) { kinds[$0.id.text] = $0.kind }
            return kinds
        }
        #expect(try await kinds(first, second) == ["a": .changed, "b": .deleted, "d": .added])
        #expect(try await kinds(second, third) == ["b": .resurrected])
        #expect(try await kinds(first, third) == ["a": .changed, "b": .changed, "d": .added])
        #expect(try await kinds(second, first) == ["a": .changed, "b": .resurrected, "d": .gone])
        #expect(try await kinds(third, third) == [:])
    }
}

extension Moment {
    /// A moment that is not in a vault.
    static func sample(number: Int, time: Date, verified: Date? = nil) throws -> Moment {
        Moment(
            number: number, time: time, epoch: 1, sequence: nil, isComplete: true, setAside: 0, documents: 0,
            deleted: 0, leaves: 0, verified: verified, digest: DigestSum(), rowHash: 0)
    }
}
