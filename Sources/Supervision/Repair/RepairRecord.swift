import Foundation

/// What was done, or would have been done, for a pair.
package struct RepairRecord: Sendable, Hashable, Codable {
    /// How it ended.
    package enum Result: String, Sendable, Hashable, Codable {
        /// The server took it.
        case done
        /// It would be done, but this is a dry run, or something holds it back.
        case planned
        /// The server did not take it; it is tried again later.
        case failed
        /// It was tried too often and needs people.
        case givenUp = "given-up"
    }

    /// The step's name.
    package var action: String
    /// When.
    package var at: Date
    /// How it ended.
    package var result: Result
    /// What was done, or why not.
    package var detail: String
    /// The rule that wanted it.
    package var rule: String

    package init(action: String, at: Date, result: Result, detail: String, rule: String) {
        self.action = action
        self.at = at
        self.result = result
        self.detail = detail
        self.rule = rule
    }
}

extension RepairRecord {
    /// That something is taken for right as it is now, at the user's word.
    package static func acceptance(of what: String, _ rule: String, isPlanned: Bool, at moment: Date) -> RepairRecord {
        RepairRecord(
            action: "accept", at: moment, result: isPlanned ? .planned : .done,
            detail: "take \(what) as it is now for the right one, whatever \(rule) says", rule: rule)
    }
}
