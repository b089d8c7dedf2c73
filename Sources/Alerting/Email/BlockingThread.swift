import Foundation

/// A thread for one piece of work that blocks, so that the cooperative pool never does.
///
/// Mails are few and go one at a time for each channel, so threads are not pooled.
enum BlockingThread {
    static func run<Result: Sendable>(
        named name: String, _ work: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: work()) }
            thread.name = name
            thread.start()
        }
    }
}
