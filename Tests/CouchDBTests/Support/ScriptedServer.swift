import Listening
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP server that a test tells byte for byte what to answer, on a loopback port.
///
/// It works on raw bytes, since a real HTTP server can't be made to lie.
final class ScriptedServer: Sendable {
    /// What to do with a request; the number counts the requests from 0.
    typealias Script = @Sendable (_ request: ReceivedRequest, _ number: Int) async throws -> ScriptedAnswer

    let port: Int
    private let received = Mutex<[ReceivedRequest]>([])
    private let script: Script

    /// All requests so far.
    var requests: [ReceivedRequest] { received.withLock { $0 } }

    fileprivate init(port: Int, script: @escaping Script) {
        self.port = port
        self.script = script
    }

    fileprivate func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var buffer = ByteBuffer()
            var iterator = inbound.makeAsyncIterator()
            while let piece = try await iterator.next() {
                buffer.writeImmutableBuffer(piece)
                while let request = ReceivedRequest(takenFrom: &buffer) {
                    let number = received.withLock { requests in
                        requests.append(request)
                        return requests.count - 1
                    }
                    let answer = try await script(request, number)
                    for piece in answer.pieces {
                        try await outbound.write(ByteBuffer(bytes: piece))
                        answer.afterPiece()
                    }
                    switch answer.end {
                    case .keepOpen: break
                    case .close: return
                    }
                }
            }
        }
    }
}

/// Runs a scripted server for the time of `body`.
func withScriptedServer<R: Sendable>(
    tls: TLSConfiguration? = nil, _ script: @escaping ScriptedServer.Script,
    _ body: @escaping @Sendable (ScriptedServer) async throws -> R
) async throws -> R {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: "127.0.0.1", port: 0) { channel in
            channel.eventLoop.makeCompletedFuture {
                if let context {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }
                return try AcceptedConnection<ByteBuffer, ByteBuffer>(
                    NIOAsyncChannel(wrappingChannelSynchronously: channel))
            }
        }
    let server = ScriptedServer(port: listener.channel.localAddress?.port ?? 0, script: script)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask {
                            // A client that goes away is a part of most tests.
                            try? await server.serve(connection.parts)
                        }
                    }
                }
            }
        }
        defer { group.cancelAll() }
        return try await body(server)
    }
}
