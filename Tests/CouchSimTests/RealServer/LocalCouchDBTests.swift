import CouchSim
import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
struct LocalCouchDBTests {
    @Test func startsStopsAndStartsAgainOnTheSamePort() async throws {
        try await withLocalCouchDB { server in
            #expect(try await status(of: server) == 200)
            await server.stop()
            await #expect(throws: (any Error).self) { try await status(of: server) }
            try await server.start()
            #expect(try await status(of: server) == 200)
            await server.kill()
            await #expect(throws: (any Error).self) { try await status(of: server) }
            try await server.restart()
            #expect(try await status(of: server) == 200)
        }
    }

    @Test func leavesNoFilesAndNoProcessBehindWhenTheBodyThrows() async throws {
        let left = try await #require(throws: Left.self) {
            try await withLocalCouchDB { server in throw Left(folder: server.dataDirectory) }
        }
        let data = left.folder
        #expect(!FileManager.default.fileExists(atPath: data.path))
        #expect(try processes(mentioning: data.deletingLastPathComponent().lastPathComponent).isEmpty)
    }

    @Test func leavesNothingBehindWhenTheTaskIsCancelled() async throws {
        let (folders, found) = AsyncStream.makeStream(of: URL.self)
        await withTaskGroup { group in
            group.addTask {
                await #expect(throws: (any Error).self) {
                    try await withLocalCouchDB { server in
                        found.yield(server.dataDirectory)
                        // Waits to be cancelled, which is what is tested; it never ends by itself.
                        try await Task.sleep(for: .seconds(3600))
                    }
                }
                found.finish()
            }
            for await folder in folders {
                group.cancelAll()
                await group.waitForAll()
                #expect(!FileManager.default.fileExists(atPath: folder.path))
                #expect(
                    (try? processes(mentioning: folder.deletingLastPathComponent().lastPathComponent))?.isEmpty == true)
            }
        }
    }

    private struct Left: Error { let folder: URL }

    @discardableResult
    private func status(of server: LocalCouchDB) async throws -> Int {
        let url = try #require(URL(string: "\(server.baseURL)/_up"))
        let (_, response) = try await URLSession.shared.data(from: url)
        return try #require(response as? HTTPURLResponse).statusCode
    }

    /// The command lines and environments of all processes that name a folder.
    private func processes(mentioning name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.filter { pid in
            // A process may end while we look.
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
            return String(decoding: environment, as: UTF8.self).contains(name)
        }
    }
}
