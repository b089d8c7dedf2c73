import Foundation
import Synchronization
import Vault

/// Lets a test end a debug build at a named step, as a power cut would. A release build has no such thing.
enum PowerCut {
    /// From `COUCHKEEP_DIE_AT`: a step's name, or `any`, and which time it is reached, such as `beforeCommit:2`.
    static func step() -> (@Sendable (VaultStep) -> Void)? {
        #if DEBUG
        guard let text = ProcessInfo.processInfo.environment["COUCHKEEP_DIE_AT"] else { return nil }
        let parts = text.split(separator: ":")
        let (name, count) = (parts.first.map(String.init) ?? "", parts.dropFirst().first.flatMap { Int($0) } ?? 1)
        let left = Mutex(count)
        return { step in
            guard name == "any" || name == step.rawValue else { return }
            if left.withLock({
                $0 -= 1; return $0 == 0
            }) {
                kill(getpid(), SIGKILL)
            }
        }
        #else
        return nil
        #endif
    }
}
