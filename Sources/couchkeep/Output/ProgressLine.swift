import Foundation
import Replication
import Synchronization

/// Tells people on standard error how far a long run is: one line that is rewritten at a terminal, else a line in ten
/// seconds.
final class ProgressLine: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let isSilent: Bool
    private let last = Mutex<(told: ContinuousClock.Instant?, isOpen: Bool, isWaiting: Bool)>((nil, false, false))

    init(isSilent: Bool = false) { self.isSilent = isSilent }

    /// Shows a text, unless one was shown a moment ago.
    ///
    /// - Parameter isWaiting: whether nothing more may come for a while, so that a terminal shows the first such text in any case.
    func show(_ text: @autoclosure () -> String, isWaiting: Bool = false) {
        guard !isSilent else { return }
        let now = ContinuousClock.now
        let isDue = last.withLock { last in
            let begins = isWaiting && !last.isWaiting
            last.isWaiting = isWaiting
            let pause: Duration = isTerminal ? (begins ? .zero : .milliseconds(200)) : .seconds(10)
            // A run that is over soon needs no line in a log.
            let told = last.told ?? (isTerminal ? now - pause : now)
            guard now - told >= pause || (last.told == nil && isTerminal) else {
                if last.told == nil { last.told = now }
                return false
            }
            (last.told, last.isOpen) = (now, isTerminal)
            return true
        }
        guard isDue else { return }
        Console.tell(isTerminal ? "\r\u{1B}[K\(text())" : "\(text())\n")
    }

    /// Takes the line away.
    func end() {
        let isOpen = last.withLock { last in
            defer { last.isOpen = false }
            return last.isOpen
        }
        if isOpen { Console.tell("\r\u{1B}[K") }
    }

    /// A run's state in words.
    ///
    /// - Parameters:
    ///   - total: how many there will be, where known.
    ///   - noun: what they are.
    ///   - wait: what is waited for; how long it takes nobody knows then.
    static func words(
        _ verb: String, done: Int, total: Int?, of noun: String = "document", bytes: Int, elapsed: Duration,
        wait: ReplicaWait? = nil
    ) -> String {
        let seconds = max(elapsed / .seconds(1), 0.001)
        let rate = Double(done) / seconds
        var text = "\(verb) \(done)"
        if let total, total > 0 { text += " of \(total)" }
        text += " \(noun)\(done == 1 && total ?? 0 <= 1 ? "" : "s"), \(ByteText.text(bytes)), \(Int(rate))/s"
        if let wait {
            text += "; \(WaitWords.text(wait))"
        } else if let total, total > done, rate > 0, seconds > 2 {
            text += ", \(DurationWords.text(Double(total - done) / rate)) left"
        }
        return text
    }
}
