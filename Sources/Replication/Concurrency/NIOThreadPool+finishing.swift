import NIOPosix

extension NIOThreadPool {
    /// Runs what blocks and has to be done also where the task is cancelled, as closing a file: `runIfActive` leaves it.
    package func finish<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { done in
            submit { _ in done.resume(with: Result { try body() }) }
        }
    }
}
