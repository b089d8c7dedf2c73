import Foundation
import Supervision

/// How text is set off: with colours on a terminal, with words and signs alone elsewhere.
package enum TextStyle: Sendable {
    case plain
    case ansi

    /// The style for a file descriptor: colours on a terminal, unless `NO_COLOR` is set or the terminal is dumb.
    package static func of(_ descriptor: Int32, environment: [String: String]) -> TextStyle {
        let isTerminal = isatty(descriptor) == 1
        let refuses = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        return isTerminal && !refuses ? .ansi : .plain
    }

    package func strong(_ text: String) -> String { code(1, text) }

    package func severity(_ severity: Finding.Severity) -> String {
        switch severity {
        case .critical: code(31, "CRITICAL")
        case .warning: code(33, "WARNING")
        case .notice: code(36, "NOTICE")
        }
    }

    /// One sign for a light; the words beside it say the same.
    package func mark(_ state: Light.State) -> String {
        switch state {
        case .problem: code(31, "✗")
        case .unknown: code(33, "?")
        case .ok: code(32, "✓")
        case .off: "-"
        }
    }

    private func code(_ number: Int, _ text: String) -> String {
        switch self {
        case .plain: text
        case .ansi: "\u{1b}[\(number)m\(text)\u{1b}[0m"
        }
    }
}
