import Backup
import Foundation
import GRDB
import Supervision
import Testing

@testable import Service

/// What is kept of drills.
@Suite struct StoredDrillsTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)

    private func drill(_ verdict: DrillReport.Verdict, _ number: Int) -> DrillReport {
        let at = morning.addingTimeInterval(Double(number) * 60)
        var report = DrillReport(backup: "vault:orders", moment: number, asOf: at, place: "memory", at: at)
        report.verdict = verdict
        return report
    }

    @Test func whatCameToNothingPushesOutNothing() async throws {
        let store = StoredDrills(try StateDatabase(inMemory: StateMigrations.register))
        try await store.store(drill(.different, 1))
        for number in 2...(StoredDrills.kept + 20) { try await store.store(drill(.unknown, number)) }
        let kept = try #require(try await store.histories()["vault:orders"])
        #expect(kept.count == 12 + 1 && kept.last?.verdict == .different)
        #expect(kept.first?.moment == StoredDrills.kept + 20 && DrillHistory(kept).isDifferent)
        for number in 1...(StoredDrills.kept + 5) { try await store.store(drill(.equal, number)) }
        let later = try #require(try await store.histories()["vault:orders"])
        #expect(later.first?.moment == StoredDrills.kept + 5 && !DrillHistory(later).isDifferent)
        #expect(!later.contains { $0.verdict == .different }, "it is forgotten at last")
    }

    @Test func drillsOfAnEarlierVersionAreRead() async throws {
        let queue = try DatabaseQueue()
        var migrator = DatabaseMigrator()
        StoredDrills.migrate(&migrator)
        try migrator.migrate(queue, upTo: "drill-1")
        let earlier = [drill(.different, 1), drill(.unknown, 2)]
        try await queue.write { database in
            for report in earlier {
                try database.execute(
                    sql: "INSERT INTO drill (backup, report) VALUES (?, ?)",
                    arguments: [report.backup, try JSONEncoder().encode(report)])
            }
        }
        try migrator.migrate(queue)
        let verdicts = try await queue.read { database in
            try String.fetchAll(database, sql: "SELECT verdict FROM drill ORDER BY id")
        }
        #expect(verdicts == ["different", "unknown"])
    }

    @Test func sinceWhenDrillsAreDueIsRemembered() async throws {
        let store = StoredDrills(try StateDatabase(inMemory: StateMigrations.register))
        let later = morning.addingTimeInterval(3600)
        try await store.noteDue(["a", "b"], besides: [], at: later)
        // The clock was set back.
        try await store.noteDue(["a"], besides: ["b", "c"], at: morning)
        #expect(try await store.dueSince() == ["a": morning, "b": later])
        try await store.noteDue(["a"], besides: [], at: later)
        #expect(try await store.dueSince() == ["a": morning], "one that has no backup any more is forgotten")
        try await store.noteDue([], besides: [], at: later)
        #expect(try await store.dueSince() == [:])
    }
}
