import Foundation

/// Reads the header `Retry-After`: seconds, or a date.
enum RetryAfter {
    static func duration(header: String?, now: Date) -> Duration? {
        guard let text = header?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        if let seconds = Int(text) { return seconds >= 0 ? .seconds(seconds) : nil }
        guard let date = Date(checkpointHistory: text) else { return nil }
        return .seconds(max(0, date.timeIntervalSince(now)))
    }
}
