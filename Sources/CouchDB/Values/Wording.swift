import Foundation

/// Numbers and times as people say them.
package enum Wording {
    /// A time span: `40 s`, `12 min`, `5 h`, `3 days`.
    package static func duration(_ seconds: TimeInterval) -> String {
        switch seconds {
        case ..<90: "\(Int(seconds)) s"
        case ..<5400: "\(Int(seconds / 60)) min"
        case ..<(48 * 3600): "\(Int(seconds / 3600)) h"
        default: "\(Int(seconds / 86400)) days"
        }
    }

    /// A number with its thousands apart: `1,234,567`.
    package static func number(_ value: Int) -> String {
        var digits = String(abs(value))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// `1 change`, `1,200 changes`.
    package static func changes(_ count: Int) -> String { counted(count, "change") }

    /// `1 document`, `1,200 documents`.
    package static func documents(_ count: Int) -> String { counted(count, "document") }

    /// `1 revision`, `1,200 revisions`.
    package static func revisions(_ count: Int) -> String { counted(count, "revision") }

    /// `1 body`, `1,200 bodies`.
    package static func bodies(_ count: Int) -> String { "\(number(count)) \(count == 1 ? "body" : "bodies")" }

    /// `1 document differs`, `1,200 documents differ`.
    package static func differing(_ count: Int) -> String { "\(documents(count)) \(count == 1 ? "differs" : "differ")" }

    /// A number and a noun that takes an s.
    package static func counted(_ count: Int, _ noun: String) -> String {
        "\(number(count)) \(noun)\(count == 1 ? "" : "s")"
    }
}
