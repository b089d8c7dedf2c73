import Foundation

/// The lines that a bench prints: times, then ratios with what they must be.
enum BenchTable {
    static func row(_ what: String, _ seconds: Double) {
        print("  \(padded(what)) \(String(format: "%8.2f", seconds)) s")
    }

    /// The median, and the range where there were several rounds.
    static func row(_ what: String, _ rounds: Rounds) {
        let values = rounds.seconds.sorted()
        let range = String(format: "%.2f to %.2f", values.first ?? 0, values.last ?? 0)
        print("  \(padded(what)) \(String(format: "%8.2f", rounds.median)) s   \(range)")
    }

    static func ratio(_ what: String, _ value: Double, atMost: Double? = nil, atLeast: Double? = nil) {
        let isGood = atMost.map { value <= $0 } ?? atLeast.map { value >= $0 } ?? true
        let wanted = atMost.map { "at most \($0)" } ?? atLeast.map { "at least \($0)" } ?? ""
        print("  \(padded(what)) \(String(format: "%8.3f", value))   \(wanted)\(isGood ? "" : "   MISSED")")
    }

    private static func padded(_ text: String) -> String { text.padding(toLength: 60, withPad: " ", startingAt: 0) }
}
