import Backup
import Foundation
import UnixSignals

/// What SIGINT (ctrl-c) and SIGTERM (systemd's stop) mean to a command that goes on until then.
enum Interruption {
    /// Runs the body with a request to stop that the first signal makes; the second one ends the process at once, which
    /// loses nothing that was acknowledged.
    static func asking<Result>(_ body: (StopRequest) async throws -> Result) async throws -> Result {
        let stop = StopRequest()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await received in signals {
                    guard stop.isRequested else {
                        stop.request()
                        continue
                    }
                    exit(128 + received.rawValue)
                }
            }
            defer { group.cancelAll() }
            return try await body(stop)
        }
    }
}
