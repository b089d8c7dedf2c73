import Foundation

/// Which moments to keep. A moment is kept where any of the rules asks for it.
package struct KeepPolicy: Sendable, Hashable {
    /// All moments of the last so many seconds, and the one that held when they began, however old: a quiet database gets none.
    package var within: TimeInterval?
    /// The newest ones.
    package var last: Int?
    /// The newest complete one of each of the last hours, days, weeks, months and years that have one, an incomplete one only
    /// where there is none; in UTC, weeks from Monday.
    package var hourly: Int?
    package var daily: Int?
    package var weekly: Int?
    package var monthly: Int?
    package var yearly: Int?

    package init(
        within: TimeInterval? = nil, last: Int? = nil, hourly: Int? = nil, daily: Int? = nil, weekly: Int? = nil,
        monthly: Int? = nil, yearly: Int? = nil
    ) {
        (self.within, self.last, self.hourly) = (within, last, hourly)
        (self.daily, self.weekly, self.monthly, self.yearly) = (daily, weekly, monthly, yearly)
    }

    /// Whether it asks for nothing, and so would keep nothing.
    package var isEmpty: Bool {
        (within ?? 0) <= 0 && [last, hourly, daily, weekly, monthly, yearly].allSatisfy { ($0 ?? 0) <= 0 }
    }

    /// Decides about each moment, in the given order.
    ///
    /// - Parameter proved: the numbers of those of which the content was compared last, and not the revisions alone.
    /// - Throws: `VaultError` with code `vault-refused` where the policy is empty.
    package func decide(
        _ moments: [Moment], proved: Set<Int> = [], now: Date
    ) throws(VaultError) -> [MomentDecision] {
        guard !isEmpty else {
            throw VaultError(
                .refused, "an empty policy would keep nothing", at: "prune",
                next: "say what to keep, such as within 7d, daily 30, monthly 12")
        }
        // A moment's number tells nothing of the day, and its time nothing of the order where the clock went back.
        let (byNumber, byTime) = (
            moments.sorted { $0.number > $1.number },
            moments.sorted { ($0.time, $0.number) > ($1.time, $1.number) }
        )
        var reasons: [Int: [MomentDecision.Reason]] = [:]
        func keep(_ moment: Moment?, _ reason: MomentDecision.Reason) {
            if let moment { reasons[moment.number, default: []].append(reason) }
        }
        keep(byNumber.first, .newest)
        // An incomplete one, or one that holds less, can't take the place of one that was compared.
        keep(byNumber.first { $0.verified != nil }, .lastVerified)
        for moment in moments where proved.contains(moment.number) { keep(moment, .lastProved) }
        keep(byNumber.first { $0.isComplete }, .lastComplete)
        if let within, within > 0 {
            let older = byTime.drop { now.timeIntervalSince($0.time) <= within }
            for moment in byTime.prefix(byTime.count - older.count) { keep(moment, .within) }
            keep(older.first, .heldBefore)
            if older.first?.isComplete == false { keep(older.first(where: \.isComplete), .heldBefore) }
        }
        for moment in byNumber.prefix(max(0, last ?? 0)) { keep(moment, .last) }
        for (count, reason) in [
            (hourly, MomentDecision.Reason.hourly), (daily, .daily), (weekly, .weekly), (monthly, .monthly),
            (yearly, .yearly),
        ] {
            for moment in Self.chosen(byTime, reason, count: count ?? 0) { keep(moment, reason) }
        }
        return moments.map { MomentDecision(moment: $0, reasons: reasons[$0.number] ?? []) }
    }

    /// The newest complete moment of each of the last periods that have one; an incomplete one only where there is none.
    private static func chosen(_ newestFirst: [Moment], _ reason: MomentDecision.Reason, count: Int) -> [Moment] {
        var (chosen, last): ([Moment], [Int]?) = ([], nil)
        for moment in newestFirst where count > 0 {
            let bucket = bucket(of: moment.time, reason)
            if bucket != last {
                guard chosen.count < count else { break }
                chosen.append(moment)
                last = bucket
            } else if let known = chosen.last, !known.isComplete, moment.isComplete {
                chosen[chosen.count - 1] = moment
            }
        }
        return chosen
    }

    private static func bucket(of time: Date, _ reason: MomentDecision.Reason) -> [Int] {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .weekOfYear, .yearForWeekOfYear], from: time)
        let (year, month, day) = (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
        return switch reason {
        case .hourly: [year, month, day, parts.hour ?? 0]
        case .daily: [year, month, day]
        case .weekly: [parts.yearForWeekOfYear ?? 0, parts.weekOfYear ?? 0]
        case .monthly: [year, month]
        default: [year]
        }
    }
}

/// What a policy says of a moment.
package struct MomentDecision: Sendable, Hashable {
    /// Why a moment is kept.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case newest, within, last, hourly, daily, weekly, monthly, yearly
        /// It is older than what `within` keeps, and was the newest one when that began.
        case heldBefore = "held as within began"
        case lastVerified = "last verified"
        /// Its content was compared, and not its revisions alone.
        case lastProved = "content proved"
        case lastComplete = "last complete"
        /// No rule keeps it, and somebody restores, compares or serves it.
        case beingRead = "being read"
    }

    package var moment: Moment
    /// Empty where the moment is to be dropped.
    package var reasons: [Reason]

    package var isKept: Bool { !reasons.isEmpty }
}
