import CouchDB
import Foundation
import Testing

@testable import CouchSim

@Suite struct JobTableTests {
    private let timing = ReplicatorTiming(pace: 1, clock: ContinuousClock())
    private let date = Date(timeIntervalSince1970: 0)
    private var table = JobTable()

    private mutating func add(_ id: String, isContinuous: Bool = true, isTransient: Bool = false) throws {
        let specification = try ReplicationSpecification([
            .init("source", .string("http://a/\(id)")), .init("target", .string("http://b/\(id)")),
            .init("continuous", .bool(isContinuous)),
        ])
        table.add(
            id: id, specification: specification,
            document: isTransient ? nil : ReplicationDocumentKey(database: "_replicator", id: id), user: nil, at: date)
    }

    private mutating func start(_ id: String, at now: Duration, _ settings: JobTable.Settings = .init()) throws -> Job {
        let job = table.started(id, at: now, date: date, settings: settings)
        return try #require(job)
    }

    private mutating func crash(_ job: Job, at now: Duration) {
        table.crashed(
            job.id, control: job.control, reason: CrashReason("x"), at: now, date: date, settings: .init(),
            timing: timing)
    }

    @Test mutating func startsWhatFitsAndRotatesTheRest() throws {
        for id in ["a", "b", "c"] { try add(id) }
        var settings = JobTable.Settings()
        settings.maxJobs = 2
        settings.maxChurn = 1
        let first = table.plan(now: .seconds(1), settings: settings, timing: timing)
        #expect(first.start == ["a", "b"])
        for id in first.start { _ = try start(id, at: .seconds(1), settings) }
        #expect(table.plan(now: .seconds(30), settings: settings, timing: timing).stop == [], "its turn isn't over")
        let second = table.plan(now: .seconds(61), settings: settings, timing: timing)
        #expect(second.start == [] && second.stop == ["a"], "the one that has run longest makes room")
    }

    @Test mutating func neverStopsAOneShotJobForAnother() throws {
        try add("a", isContinuous: false)
        try add("b")
        var settings = JobTable.Settings()
        settings.maxJobs = 1
        _ = try start("a", at: .zero, settings)
        #expect(table.plan(now: .seconds(600), settings: settings, timing: timing).stop == [])
    }

    @Test mutating func waitsLongerAfterEachCrash() throws {
        try add("a")
        var now = Duration.zero
        for (count, pause) in [(1, 30), (2, 60), (3, 120)] {
            crash(try start("a", at: now), at: now)
            #expect(table.jobs["a"]?.crashStreak == count)
            let early = table.plan(now: now + .seconds(pause - 1), settings: .init(), timing: timing)
            #expect(early.start == [] && early.next == now + .seconds(pause))
            now += .seconds(pause)
            #expect(table.plan(now: now, settings: .init(), timing: timing).start == ["a"])
        }
    }

    @Test mutating func forgetsCrashesBeforeALongRun() throws {
        try add("a")
        for _ in 1...3 { crash(try start("a", at: .zero), at: .seconds(1)) }
        #expect(table.jobs["a"]?.crashStreak == 3)
        crash(try start("a", at: .seconds(100)), at: .seconds(221))
        #expect(table.jobs["a"]?.crashStreak == 1)
        #expect(table.jobs["a"]?.history.count { $0.kind == .crashed } == 4, "but the history tells of all")
    }

    @Test mutating func keepsTwentyEvents() throws {
        try add("a")
        for _ in 1...30 { crash(try start("a", at: .zero), at: .seconds(1)) }
        #expect(table.jobs["a"]?.history.count == 20)
        #expect(table.jobs["a"]?.history.first?.kind == .crashed)
    }

    @Test mutating func forgetsATransientJobAtItsFirstCrash() throws {
        try add("a", isTransient: true)
        crash(try start("a", at: .zero), at: .seconds(1))
        #expect(table.jobs.isEmpty)
    }

    /// The end of an old run says nothing about the job of the same id that came after it.
    @Test mutating func ignoresRunsOfARemovedJob() throws {
        try add("a")
        let old = try start("a", at: .zero)
        table.remove("a")
        #expect(old.control.isStopped)
        try add("a")
        crash(old, at: .seconds(1))
        #expect(table.jobs["a"]?.phase == .pending)
    }
}
