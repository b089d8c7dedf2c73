import NIOPosix

/// Does work with files on a thread that may block. Cancellation does not stop it: what was begun is finished.
func onFileThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Result, any Error>) in
        NIOThreadPool.singleton.submit { _ in done.resume(with: Swift.Result { try work() }) }
    }
}
