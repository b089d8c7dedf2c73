import NIOCore
import NIOPosix

/// A TCP port of the loopback interface that nothing listens on.
enum FreePort {
    /// No port of the range could be bound.
    struct NoneLeft: Error {}

    /// Tries random ports below the range from which kernels take the ports of outgoing connections: a port that was
    /// just found, or that belongs to a server that is stopped for a while, is then not taken by a client.
    static func find() async throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 15_000..<32_000)
            do {
                let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .bind(host: "127.0.0.1", port: port).get()
                try await channel.close()
                return port
            } catch is IOError {
                continue
            }
        }
        throw NoneLeft()
    }
}
