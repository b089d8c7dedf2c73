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

    /// Node's clients would use it again, and PouchDB 7 to 9 could not read at all.
    @Test(arguments: [
        ("close", "/db"), ("close", "/db/_all_docs"), ("close", "/db/none"), ("close", "/_session"),
        ("Close, TE", "/db"),
    ])
    func saysThatItIsClosedWhereThatIsWanted(wish: String, path: String) async throws {
        try await withServer(["db": MemoryReplica()]) { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send("GET", path, header: "Connection: \(wish)")
                #expect(
                    try await connection.read(to: "\r\n\r\n")?.lowercased().contains("connection: close\r\n") == true)
            }
        }
    }

    /// What follows the head would be taken for the next answer.
    @Test(arguments: [
        "/db", "/db/a", "/db/a?open_revs=all", "/db/_all_docs?include_docs=true", "/db/_changes", "/_all_dbs", "/none",
    ])
    func sendsNoBodyBehindAHeadThatIsAllThatIsWanted(path: String) async throws {
        let replica = MemoryReplica()
        try replica.edit("a")
        try await withServer(["db": replica]) { server in
            let length = try await server.client.get(path).bytes.count
            try await RawConnection.open(to: server.port) { connection in
                for _ in 0..<2 {
                    try await connection.send("HEAD", path)
                    let head = try #require(try await connection.read(to: "\r\n\r\n")).lowercased()
                    #expect(head.hasPrefix("http/1.1 ") && head.contains("content-length: \(length)\r\n"), "\(head)")
                    #expect(!head.contains("transfer-encoding"), "\(head)")
                }
                for feed in ["_changes?feed=continuous", "%5Fchanges?f%65ed=longpoll&since=now"] {
                    try await connection.send("HEAD", "/db/\(feed)")
                    let head = try #require(try await connection.read(to: "\r\n\r\n"))
                    #expect(head.hasPrefix("HTTP/1.1 405 "), "\(head)")
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

    /// PouchDB opens one for each attachment of a batch.
    @Test func manyAreOpenAtTheSameTime() async throws {
        try await withServer(["db": MemoryReplica()]) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (opened, tell) = AsyncStream.makeStream(of: Void.self)
                for _ in 0..<400 {
                    group.addTask {
                        try await RawConnection.open(to: server.port) { connection in
                            try await connection.get("/db/_changes?feed=continuous&timeout=60000")
                            #expect(try await connection.read(to: "\r\n\r\n") != nil)
                            tell.yield()
                            _ = try await connection.read(to: "nothing")
                        }
                    }
                }
                var iterator = opened.makeAsyncIterator()
                for _ in 0..<400 { await iterator.next() }
                let answer = try await server.client.get("/db")
                #expect(answer.status == 200)
                group.cancelAll()
            }
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
