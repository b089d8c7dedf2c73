import Foundation

extension Date {
    /// For people: `2026-11-24 08:00:00 UTC`.
    var utcText: String {
        iso8601Text.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: " UTC")
    }

    /// For machines: `2026-11-24T08:00:00Z`.
    var iso8601Text: String { formatted(.iso8601) }

    /// For the `Date` header of a mail: `Tue, 24 Nov 2026 08:00:00 +0000`.
    var mailText: String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.weekday, .day, .month, .year], from: self)
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // A calendar always fills in the parts it was asked for.
        let weekday = weekdays[(parts.weekday ?? 1) - 1]
        let month = months[(parts.month ?? 1) - 1]
        let clock = iso8601Text.dropFirst(11).prefix(8)
        return "\(weekday), \(parts.day ?? 1) \(month) \(parts.year ?? 1970) \(clock) +0000"
    }

    /// The time from another date until this one, in the two largest units: `2 days 4 hours`.
    func elapsedText(since start: Date) -> String {
        let seconds = Int(max(0, timeIntervalSince(start)))
        func count(_ number: Int, _ unit: String) -> String { "\(number) \(unit)\(number == 1 ? "" : "s")" }
        func pair(_ first: (Int, String), _ second: (Int, String)) -> String {
            let head = count(first.0, first.1)
            return second.0 == 0 ? head : "\(head) \(count(second.0, second.1))"
        }
        return switch seconds {
        case ..<60: count(seconds, "second")
        case ..<3600: count(seconds / 60, "minute")
        case ..<86400: pair((seconds / 3600, "hour"), (seconds % 3600 / 60, "minute"))
        default: pair((seconds / 86400, "day"), (seconds % 86400 / 3600, "hour"))
        }
    }
}
