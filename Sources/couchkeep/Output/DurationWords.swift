import Foundation

/// A time span for people.
enum DurationWords {
    static func text(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole >= 3600 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
        if whole >= 60 { return "\(whole / 60) min \(whole % 60) s" }
        return seconds < 10 ? String(format: "%.1f s", seconds) : "\(whole) s"
    }
}
