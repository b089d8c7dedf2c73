import Foundation
import Synchronization

/// What the demo printed, and a way to wait for it.
final class CapturedOutput: Sendable {
    private struct State {
        var text = ""
        var waiters: [(words: String, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var text: String { state.withLock(\.text) }

    /// The folder that the demo said it works in.
    var folder: URL? {
        guard let match = text.firstMatch(of: /(\/\S+)\/couchkeep\.yaml/) else { return nil }
        return URL(filePath: String(match.1))
    }

    func append(_ text: String) {
        let ready = state.withLock { state in
            state.text += text
            let printed = state.text
            let ready = state.waiters.filter { printed.contains($0.words) }.map(\.continuation)
            state.waiters.removeAll { printed.contains($0.words) }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns when these words have been printed.
    func wait(for words: String) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.text.contains(words) { return true }
                state.waiters.append((words, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
