import Foundation
import NIOCore
import NIOPosix

/// One connection to a server, on which bytes are sent and read as they are.
struct RawConnection {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var received = ""

    /// Connects, and closes the connection when `body` is done.
    static func open<Result: Sendable>(
        to port: Int, _ body: @Sendable (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(outbound: outbound, inbound: inbound.makeAsyncIterator())
            return try await body(&connection)
        }
    }

    func get(_ path: String) async throws { try await send("GET", path) }

    /// - Parameter header: a further line of the head.
    func send(_ method: String, _ path: String, header: String? = nil) async throws {
        let lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"] + [header].compactMap { $0 } + ["", ""]
        try await outbound.write(ByteBuffer(string: lines.joined(separator: "\r\n")))
    }

    /// What comes up to a text, itself included; nil where the server ends before it.
    mutating func read(to end: String) async throws -> String? {
        while true {
            if let range = received.range(of: end) {
                let text = String(received[..<range.upperBound])
                received.removeSubrange(..<range.upperBound)
                return text
            }
            guard let piece = try await inbound.next(isolation: #isolation) else { return nil }
            received += String(buffer: piece)
        }
    }
}
