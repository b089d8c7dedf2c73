import Synchronization

/// How the scheduler tells a running job to stop after a last checkpoint.
final class JobControl: Sendable {
    private let stopped = Mutex(false)
    let changed = ChangeSignal()

    var isStopped: Bool { stopped.withLock { $0 } }

    func stop() {
        stopped.withLock { $0 = true }
        changed.notify()
    }
}
