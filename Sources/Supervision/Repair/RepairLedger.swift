import Foundation

/// How often a pair was repaired of late, so that repairing never becomes a loop.
package struct RepairLedger: Sendable, Hashable, Codable {
    /// One attempt.
    package struct Attempt: Sendable, Hashable, Codable {
        package var action: String
        package var at: Date
    }

    /// The attempts of the last day, oldest first.
    package private(set) var attempts: [Attempt] = []

    package init() {}

    /// Notes an attempt.
    package mutating func note(_ action: String, at moment: Date) {
        attempts.removeAll { moment.timeIntervalSince($0.at) > 24 * 3600 }
        attempts.append(Attempt(action: action, at: moment))
    }

    /// When an action was tried last.
    package func last(_ action: String) -> Date? { attempts.last { $0.action == action }?.at }

    /// Takes attempts that lie in the future, since the clock was set back, for attempts of now.
    mutating func clamp(to moment: Date) {
        for index in attempts.indices { attempts[index].at = min(attempts[index].at, moment) }
    }

    /// Forgets attempts that a clock has dated later than now.
    package mutating func forgetFuture(after now: Date) { attempts.removeAll { $0.at > now } }

    /// Whether an action may be tried at a moment.
    package func verdict(on action: String, at moment: Date, budget: RepairBudget) -> RepairVerdict {
        let lastHour = attempts.filter { moment.timeIntervalSince($0.at) < 3600 }
        let same = attempts.filter { $0.action == action && moment.timeIntervalSince($0.at) < 24 * 3600 }
        if same.count >= budget.attemptsPerAction { return .givenUp(attempts: same.count) }
        if lastHour.count >= budget.repairsPerHour {
            return .wait(until: lastHour[0].at.addingTimeInterval(3600))
        }
        if let last = same.last {
            let pause = budget.firstPause * pow(2, Double(same.count - 1))
            let until = last.at.addingTimeInterval(min(pause, budget.longestPause))
            if moment < until { return .wait(until: until) }
        }
        return .allowed
    }
}

/// Whether a repair may be tried now.
package enum RepairVerdict: Sendable, Hashable {
    /// Now.
    case allowed
    /// Not before.
    case wait(until: Date)
    /// Not any more: it was tried too often within a day.
    case givenUp(attempts: Int)
}

/// How much repairing a pair may see. Times are in seconds.
package struct RepairBudget: Sendable, Hashable, Codable {
    /// All repairs of a pair within an hour.
    package var repairsPerHour = 6
    /// Attempts at one action within a day, after which it is given up.
    package var attemptsPerAction = 5
    /// The pause after the first attempt; it doubles with each further one.
    package var firstPause: TimeInterval = 60
    /// The longest pause.
    package var longestPause: TimeInterval = 3600

    package init() {}
}
