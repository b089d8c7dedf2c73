import NIOCore
import NIOPosix

/// A TCP port of the loopback interface that nothing listens on.
enum FreePort {
    /// Asks the kernel for a port and gives it back at once: another process could take it in between, but the kernel
    /// hands out ports in turn, so this doesn't happen in practice.
    static func find() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port
        try await channel.close()
        guard let port else { throw LocalCouchDB.Failure("the kernel gave no port") }
        return port
    }
}
