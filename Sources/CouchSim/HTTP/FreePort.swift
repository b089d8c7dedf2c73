import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A TCP port of the loopback interface that nothing listens on.
enum FreePort {
    /// No port of the range could be bound.
    struct NoneLeft: Error {}

    /// Those that this process was given: two servers that start at a time must not get the same one.
    private static let given = Mutex<Set<UInt16>>([])

    /// Tries random ports below the range from which kernels take the ports of outgoing connections: a port that was
    /// just found, or that belongs to a server that is stopped for a while, is then not taken by a client.
    static func find() async throws -> Int {
        for _ in 0..<100 {
            let port = UInt16.random(in: 15_000..<32_000)
            if canBind(port), given.withLock({ $0.insert(port).inserted }) { return Int(port) }
        }
        throw NoneLeft()
    }

    /// Binds the port and lets it go.
    ///
    /// It never listens: a process that is forked at this moment holds a copy of the socket until it executes its
    /// program, and beside a listening one the server could not bind.
    private static func canBind(_ port: UInt16) -> Bool {
        #if canImport(Darwin)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var isReused: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
        }
    }
}
