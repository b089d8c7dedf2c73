import CouchDB
import Replication
import Testing

@testable import ReplicaServer

/// What becomes of a connection: CouchDB's replicator asks for one feed after the other on one, and takes it for a crash
/// where that is closed.
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test(arguments: ["continuous", "longpoll"])
    func staysAfterAFeedHasEnded(feed: String) async throws {
        let replica = MemoryReplica()
        try replica.edit("a")
        try await withServer(["db": replica]) { server in
            try await RawConnection.open(to: server.port) { connection in
                for _ in 0..<3 {
                    try await connection.get("/db/_changes?feed=\(feed)&since=now&timeout=5")
                    let answer = try #require(try await connection.read(to: "\r\n0\r\n\r\n"))
                    #expect(answer.contains("\"last_seq\":1") && !answer.lowercased().contains("connection: close"))
                }
            }
        }
    }

    @Test func noFeedGoesOnForAClientThatIsGone() async throws {
        let (waits, source) = AsyncStream.makeStream(of: Bool.self)
        let replica = WatchedReplica(replica: MemoryReplica(), waits: source)
        try await withServer(["db": replica]) { server in
            var iterator = waits.makeAsyncIterator()
            try await RawConnection.open(to: server.port) { connection in
                try await connection.get("/db/_changes?feed=continuous&timeout=60000")
                // The head comes at once, though there is nothing to say.
                #expect(try await connection.read(to: "\r\n\r\n")?.hasPrefix("HTTP/1.1 200") == true)
            }
            #expect(await iterator.next() == true)
            #expect(await iterator.next() == false)
            // The server goes on.
            #expect(try await server.client.get("/db").status == 200)
        }
    }

    @Test func isClosedWhereNothingIsAsked() async throws {
        let options = { (options: inout ServerOptions) in
            (options.connectionLimit, options.idleTimeout) = (1, .milliseconds(50))
        }
        try await withServer(["db": MemoryReplica()], adjust: options) { server in
            try await RawConnection.open(to: server.port) { idle in
                let end = try await idle.read(to: "nothing")
                #expect(end == nil)
            }
            // A feed that is waited for is no idle connection.
            try await RawConnection.open(to: server.port) { waiting in
                try await waiting.get("/db/_changes?feed=continuous&timeout=300")
                #expect(try await waiting.read(to: "\r\n0\r\n\r\n") != nil)
                #expect(try await waiting.read(to: "nothing") == nil)
            }
        }
    }
}
