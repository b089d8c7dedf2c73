import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct RepairLedgerTests {
    private let start = Scene.start
    private func at(_ seconds: TimeInterval) -> Date { start.addingTimeInterval(seconds) }

    @Test("Pauses double up to the longest one")
    func pauses() {
        var budget = RepairBudget()
        (budget.attemptsPerAction, budget.repairsPerHour, budget.longestPause) = (100, 100, 600)
        var ledger = RepairLedger()
        var now: TimeInterval = 0
        for pause in [60.0, 120, 240, 480, 600, 600] {
            #expect(ledger.verdict(on: "a", at: at(now), budget: budget) == .allowed)
            ledger.note("a", at: at(now))
            #expect(ledger.verdict(on: "a", at: at(now + pause - 1), budget: budget) == .wait(until: at(now + pause)))
            now += pause
        }
    }

    @Test("Another action has pauses of its own, but shares the hour's budget")
    func shared() {
        var budget = RepairBudget()
        budget.repairsPerHour = 2
        var ledger = RepairLedger()
        ledger.note("a", at: at(0))
        #expect(ledger.verdict(on: "b", at: at(1), budget: budget) == .allowed)
        ledger.note("b", at: at(1))
        #expect(ledger.verdict(on: "c", at: at(2), budget: budget) == .wait(until: at(3600)))
        #expect(ledger.verdict(on: "c", at: at(3600), budget: budget) == .allowed)
    }

    @Test("After so many tries within a day it is given up, and a day later forgotten")
    func givenUp() {
        var budget = RepairBudget()
        budget.attemptsPerAction = 2
        var ledger = RepairLedger()
        ledger.note("a", at: at(0))
        ledger.note("a", at: at(7200))
        #expect(ledger.verdict(on: "a", at: at(80000), budget: budget) == .givenUp(attempts: 2))
        #expect(ledger.verdict(on: "a", at: at(86400), budget: budget) == .allowed)
        ledger.note("a", at: at(100_000))
        #expect(ledger.attempts.count == 1)
        #expect(ledger.last("a") == at(100_000))
        #expect(ledger.last("b") == nil)
    }

    @Test("A clock that was set back blocks nothing for longer than a pause")
    func clock() {
        var ledger = RepairLedger()
        for number in 0..<4 { ledger.note("a", at: at(1e6 + Double(number))) }
        ledger.clamp(to: at(0))
        #expect(ledger.verdict(on: "a", at: at(0), budget: RepairBudget()) == .wait(until: at(480)))
        #expect(ledger.verdict(on: "a", at: at(480), budget: RepairBudget()) == .allowed)
    }
}
