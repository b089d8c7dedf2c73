import Foundation
import Replication
import Vault

/// The note of a moment that it was compared and found equal, so that no prune drops the newest such moment.
package struct MomentMark: Sendable {
    /// The pauses in which another couchkeep that writes is waited for: one that backs up is soon done, a continuous one never.
    static let pauses = Array(repeating: Duration.milliseconds(500), count: 10)

    private let clock: RunClock

    package init(clock: RunClock = .system) { self.clock = clock }

    /// Notes it.
    ///
    /// - Parameters:
    ///   - content: whether the content was compared, and not the revisions alone.
    ///   - equal: the backup at the moment, whose lock keeps a prune from it meanwhile, also where the backup is closed.
    ///   - open: opens the vault.
    /// - Returns: why it could not be noted, in words; nil where it is. That is no reason to doubt the comparison.
    /// - Throws: `CancellationError`.
    package func leave(
        on equal: VaultDatabase, content: Bool, at time: Date, in open: () async throws -> Vault
    ) async throws -> String? {
        guard let moment = equal.moment?.number else { return nil }
        defer { withExtendedLifetime(equal) {} }
        var pauses = Self.pauses[...]
        while true {
            do {
                try await open().withDatabase(equal.name, isWriting: true, now: time) {
                    try await $0.markVerified(moment, content: content, at: time)
                }
                return nil
            } catch let error as VaultError where error.code == .locked && !pauses.isEmpty {
                try await clock.sleep(pauses.removeFirst())
            } catch {
                try Task.checkCancellation()
                return "moment #\(moment) could not be marked as verified, and a prune may drop it: \(error)"
            }
        }
    }
}
