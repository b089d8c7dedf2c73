import Foundation
import Synchronization

/// A clock that goes where a test puts it.
final class ManualTime: Sendable {
    private let moment = Mutex(Scene.start)

    var now: Date { moment.withLock { $0 } }

    /// Moves the clock, also back.
    func advance(_ seconds: TimeInterval) { moment.withLock { $0.addTimeInterval(seconds) } }
}
