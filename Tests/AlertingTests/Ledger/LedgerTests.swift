import Foundation
import Testing

@testable import Alerting

/// Tables of passes: what holds, and what must be told.
@Suite struct LedgerTests {
    struct Pass {
        var minute: Double
        var conditions: [Condition]
        var unjudged: Set<String> = []
        var judged: Set<String>?
        var told: [String]

        init(
            _ minute: Double, _ conditions: [Condition], unjudged: Set<String> = [], judged: Set<String>? = nil,
            told: [String] = []
        ) {
            self.minute = minute
            self.conditions = conditions
            self.unjudged = unjudged
            self.judged = judged
            self.told = told
        }
    }

    private func run(
        _ passes: [Pass], policy: AlertPolicy = AlertPolicy(), sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var ledger = Ledger()
        for (index, pass) in passes.enumerated() {
            var input = AlertPass(
                at: minutes(pass.minute), conditions: pass.conditions, unjudgedSubjects: pass.unjudged)
            input.judgedFingerprints = pass.judged
            let told = ledger.advance(input, policy: policy).map(Self.text)
            #expect(told == pass.told, "pass \(index), minute \(pass.minute)", sourceLocation: sourceLocation)
            // It is stored between two passes.
            ledger = try JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger))
        }
    }

    private static func text(_ transition: Transition) -> String {
        let folded = transition.folded.isEmpty ? "" : " +\(transition.folded.count)"
        return "\(transition.kind) \(transition.severity) \(transition.condition.fingerprint)\(folded)"
    }

    @Test func nothingIsDueWhenNothingHolds() throws {
        try run([Pass(0, []), Pass(5, [])])
    }

    @Test func aProblemIsToldOnceAndItsEndOnce() throws {
        let orders = Condition.sample("orders")
        try run([
            Pass(0, [orders], told: ["new critical orders"]), Pass(5, [orders]), Pass(10, [orders]), Pass(15, []),
            Pass(20, [], told: ["resolved critical orders"]), Pass(25, []),
        ])
    }

    @Test func whatHasHappenedOnceMoreIsToldOnceMore() throws {
        var ledger = Ledger()
        func advance(_ minute: Double, occurrence: Double) -> [Transition.Kind] {
            var orders = Condition.sample("orders")
            orders.occurrence = minutes(occurrence)
            return ledger.advance(AlertPass(at: minutes(minute), conditions: [orders]), policy: AlertPolicy()).map(
                \.kind)
        }
        #expect(advance(0, occurrence: 0) == [.new])
        #expect(advance(5, occurrence: 0) == [])
        #expect(advance(10, occurrence: 10) == [.new])
        #expect(advance(15, occurrence: 10) == [])
        // As where a pass looks at something a while after it has begun, and tells twice.
        #expect(advance(20, occurrence: 20.1) == [.new])
        #expect(advance(20, occurrence: 20.1) == [])
        #expect(advance(25, occurrence: 20.1) == [])
        #expect(advance(30, occurrence: 30) == [.new])
    }

    @Test func whatIsOnlyCalledOtherwiseIsNotToldAgain() throws {
        var ledger = Ledger()
        func advance(_ minute: Double, _ name: String, watching: Set<String>) -> [Transition.Kind] {
            var condition = Condition.sample(name)
            condition.since = minutes(0)
            return ledger.advance(
                AlertPass(at: minutes(minute), conditions: [condition], watchedSubjects: watching),
                policy: AlertPolicy()
            ).map(\.kind)
        }
        #expect(advance(0, "orders", watching: [Condition.sample("orders").subject]) == [.new])
        for minute in 1...3 {
            #expect(advance(Double(minute), "main/orders", watching: [Condition.sample("main/orders").subject]) == [])
        }
        #expect(ledger.records.count == 1)
    }

    @Test func whatIsNotWatchedAnyMoreIsNotToldAsOver() throws {
        var ledger = Ledger()
        func advance(_ minute: Double, _ conditions: [Condition], watching: Set<String>) -> [Transition] {
            ledger.advance(
                AlertPass(at: minutes(minute), conditions: conditions, watchedSubjects: watching), policy: AlertPolicy()
            )
        }
        let orders = Condition.sample("orders")
        #expect(advance(0, [orders], watching: [orders.subject]).count == 1)
        #expect(advance(5, [], watching: []) == [])
        let ended = try #require(advance(10, [], watching: []).first)
        #expect(ended.kind == .resolved && ended.isUnwatched == true)
        let text = SubjectLine([ended]).text
        #expect(text.contains("NOT WATCHED") && text.contains("no longer watched"), "\(text)")
    }

    @Test func aProblemThatComesAndGoesIsOne() throws {
        let orders = Condition.sample("orders")
        try run([
            Pass(0, [orders], told: ["new critical orders"]), Pass(5, []), Pass(10, [orders]), Pass(15, []),
            Pass(20, [orders]), Pass(25, []), Pass(30, [], told: ["resolved critical orders"]),
            Pass(35, [orders], told: ["new critical orders"]),
        ])
    }

    @Test func aFurtherLookOfOnePassCountsOnlyForWhatItLookedAt() throws {
        let (orders, users) = (Condition.sample("orders"), Condition.sample("users"))
        try run([
            Pass(0, [orders, users], told: ["new critical orders", "new critical users"]),
            Pass(5, []), Pass(5, [], judged: ["users"], told: ["resolved critical users"]),
            Pass(5, [], judged: []), Pass(10, [], told: ["resolved critical orders"]),
        ])
    }

    @Test(arguments: 1...4)
    func recoveryTakesTheConfiguredPasses(passes: Int) throws {
        let gone = (1...passes).map { Pass(Double($0), [], told: $0 == passes ? ["resolved critical orders"] : []) }
        try run(
            [Pass(0, [.sample("orders")], told: ["new critical orders"])] + gone,
            policy: AlertPolicy(settlePasses: passes))
    }

    @Test func worseIsToldAndBetterIsNot() throws {
        let passes = [
            Pass(0, [.sample("orders", .warning)], told: ["new warning orders"]),
            Pass(5, [.sample("orders", .critical)], told: ["worse critical orders"]),
            Pass(10, [.sample("orders", .warning)]),
            Pass(15, [.sample("orders", .critical)]),
            Pass(20, []), Pass(25, [], told: ["resolved critical orders"]),
        ]
        try run(passes)
    }

    @Test func remindersComeTogether() throws {
        let old = Condition.sample("a")
        let younger = Condition.sample("b", .warning)
        let youngest = Condition.sample("c")
        try run([
            Pass(0, [old], told: ["new critical a"]),
            Pass(60, [old, younger], told: ["new warning b"]),
            Pass(200, [old, younger, youngest], told: ["new critical c"]),
            Pass(239, [old, younger, youngest]),
            Pass(240, [old, younger, youngest], told: ["reminder critical a", "reminder warning b"]),
            Pass(439, [old, younger, youngest]),
            Pass(
                440, [old, younger, youngest],
                told: ["reminder critical a", "reminder critical c", "reminder warning b"]),
        ])
    }

    @Test func noticesAreNotReminded() throws {
        let notice = Condition.sample("a", .notice)
        try run([
            Pass(0, [notice], told: ["new notice a"]), Pass(500, [notice]), Pass(505, []),
            Pass(510, [], told: ["resolved notice a"]),
        ])
    }

    @Test func remindersCanBeOff() throws {
        let a = Condition.sample("a")
        try run(
            [Pass(0, [a], told: ["new critical a"]), Pass(100_000, [a])], policy: AlertPolicy(reminder: nil))
    }

    @Test func whatIsTooMildIsKeptAndNotTold() throws {
        let mild = Condition.sample("a", .notice)
        try run(
            [
                Pass(0, [mild]), Pass(5, []), Pass(10, []), Pass(15, [mild]),
                Pass(20, [.sample("a", .warning)], told: ["new warning a"]),
            ], policy: AlertPolicy(tellFrom: .warning))
    }

    @Test func whatCouldNotBeJudgedStaysOpen() throws {
        let orders = Condition.sample("orders/rolled-back", subject: "orders")
        try run([
            Pass(0, [orders], told: ["new critical orders/rolled-back"]),
            Pass(5, [], unjudged: ["orders"]), Pass(10, [], unjudged: ["orders"]), Pass(15, [], unjudged: ["orders"]),
            Pass(240, [], unjudged: ["orders"], told: ["reminder critical orders/rolled-back"]),
            // One good look, one that saw nothing, one good look: gone in two looks in a row.
            Pass(245, []), Pass(250, [], unjudged: ["orders"]),
            Pass(255, [], told: ["resolved critical orders/rolled-back"]),
        ])
    }

    @Test func oneOutageIsOneMessage() throws {
        let server = Condition.sample("production/unreachable", subject: "production")
        let pairs = (1...40).map {
            Condition.sample("pair\($0)/crashing", .warning, subject: "pair\($0)", cause: "production/unreachable")
        }
        try run([
            Pass(0, pairs + [server], told: ["new critical production/unreachable +40"]),
            Pass(5, pairs + [server]),
            // A further pair falls under what was told.
            Pass(10, pairs + [server, .sample("late", cause: "production/unreachable")]),
            Pass(240, pairs + [server], told: ["reminder critical production/unreachable +40"]),
            Pass(245, []),
            Pass(250, [], told: ["resolved critical production/unreachable +40"]),
        ])
    }

    @Test func whatOutlivesItsCauseIsTold() throws {
        let server = Condition.sample("server")
        func pair(_ cause: String?) -> Condition { .sample("pair", .warning, cause: cause) }
        try run([
            Pass(0, [server, pair("server")], told: ["new critical server +1"]),
            // The server is back; its pairs get the time it takes to settle.
            Pass(5, [pair(nil)]),
            Pass(10, [pair(nil)], told: ["new warning pair", "resolved critical server"]),
            Pass(15, []), Pass(20, [], told: ["resolved warning pair"]),
        ])
    }

    @Test func whatWasToldBeforeItsCauseEndsWithIt() throws {
        let server = Condition.sample("server")
        let pair = Condition.sample("pair", .warning)
        let explained = Condition.sample("pair", .warning, cause: "server")
        try run([
            Pass(0, [pair], told: ["new warning pair"]),
            Pass(5, [server, explained], told: ["new critical server +1"]),
            Pass(250, [server, explained], told: ["reminder critical server +1"]),
            Pass(255, []), Pass(260, [], told: ["resolved critical server +1"]),
        ])
        try run([
            Pass(0, [pair], told: ["new warning pair"]),
            Pass(5, [server, explained], told: ["new critical server +1"]),
            Pass(10, [server]), Pass(15, [server], told: ["resolved warning pair"]),
        ])
    }

    @Test func aCauseIsAsBadAsWhatItExplains() throws {
        let cause = Condition.sample("cause", .warning)
        try run([
            Pass(0, [cause], told: ["new warning cause"]),
            Pass(5, [cause, .sample("child", .critical, cause: "cause")], told: ["worse critical cause +1"]),
        ])
    }

    @Test func chainsEndAtTheFirstCauseAndCirclesExplainNothing() throws {
        try run([
            Pass(
                0, [.sample("a"), .sample("b", cause: "a"), .sample("c", cause: "b")],
                told: ["new critical a +2"])
        ])
        try run([
            Pass(
                0, [.sample("a", cause: "b"), .sample("b", cause: "a"), .sample("c", cause: "c")],
                told: ["new critical a", "new critical b", "new critical c"])
        ])
        try run([Pass(0, [.sample("a", cause: "not there")], told: ["new critical a"])])
    }

    @Test func aClockPutBackSilencesNothing() throws {
        let a = Condition.sample("a")
        try run([
            Pass(100_000, [a], told: ["new critical a"]), Pass(0, [a], told: ["reminder critical a"]), Pass(5, [a]),
            Pass(10, []), Pass(15, [], told: ["resolved critical a"]),
        ])
    }

    @Test func theSameTwiceInOnePassIsTheWorse() throws {
        try run([Pass(0, [.sample("a", .warning), .sample("a", .critical)], told: ["new critical a"])])
    }

    @Test func theWorstComesFirstAndTheResolvedLast() throws {
        let gone = Condition.sample("gone")
        let old = Condition.sample("old")
        try run([
            Pass(0, [gone, old], told: ["new critical gone", "new critical old"]), Pass(239, [old]),
            Pass(
                240, [old, .sample("n", .notice), .sample("w", .warning), .sample("c")],
                told: [
                    "new critical c", "new warning w", "new notice n", "reminder critical old",
                    "resolved critical gone",
                ]),
        ])
    }

    @Test func theEpisodeBeginsWithItsFirstSight() {
        var ledger = Ledger()
        let policy = AlertPolicy()
        _ = ledger.advance(AlertPass(at: minutes(0), conditions: [.sample("a", since: minutes(-30))]), policy: policy)
        _ = ledger.advance(AlertPass(at: minutes(5), conditions: []), policy: policy)
        _ = ledger.advance(AlertPass(at: minutes(10), conditions: [.sample("a", since: minutes(9))]), policy: policy)
        _ = ledger.advance(AlertPass(at: minutes(15), conditions: []), policy: policy)
        let end = ledger.advance(AlertPass(at: minutes(20), conditions: []), policy: policy)
        #expect(end.first?.since == minutes(-30))
        #expect(end.first?.lastSeen == minutes(10))
        #expect(end.first?.endedAt == minutes(15))
        #expect(ledger.records.isEmpty)
    }
}
