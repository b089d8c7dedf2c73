import CouchDB
import CouchSim
import Crypto
import Foundation
import NIOCore
import Replication
import Secrets
import Testing

/// An attachment is never whole in memory, however large it is.
@Suite(
    .enabled(if: LocalCouchDB.isInstalled, whySkipped),
    .enabled(if: Program.canMeasure, "skipped: GNU time (\(Program.meter)) tells how much memory a program has used"),
    .timeLimit(.minutes(20)))
struct LargeAttachmentTests {
    private static let megabytes =
        ProcessInfo.processInfo.environment["COUCHKEEP_LARGE_ATTACHMENT_MB"].flatMap { Int($0) } ?? 64

    /// Bytes that do not compress, made while they are sent.
    private struct Noise: AsyncSequence, Sendable {
        let megabytes: Int

        struct AsyncIterator: AsyncIteratorProtocol {
            var random = SeededGenerator(seed: 7)
            var left: Int

            mutating func next() -> ByteBuffer? {
                guard left > 0 else { return nil }
                left -= 1
                var buffer = ByteBuffer()
                buffer.reserveCapacity(1 << 20)
                for _ in 0..<(1 << 17) { buffer.writeInteger(random.next()) }
                return buffer
            }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(left: megabytes) }
    }

    private static func digest(of database: CouchDatabase) async throws -> String {
        var hash = SHA256()
        for try await bytes in try await database.attachment("noise", of: "large").body {
            hash.update(data: bytes.readableBytesView)
        }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    @Test("Back up, check and restore; the size is 64 MB, or COUCHKEEP_LARGE_ATTACHMENT_MB") func streams() async throws
    {
        try await withRealScene { server, scene in
            try await scene.source.fill(20)
            _ = try await scene.source.putAttachment(
                "noise", of: "large", revision: nil, contentType: "application/octet-stream",
                length: Self.megabytes << 20, body: Noise(megabytes: Self.megabytes))
            let peakFile = scene.folder.deletingLastPathComponent().appending(path: "peak-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: peakFile) }  // a file that is left over does no harm
            let vault = ["--vault", scene.folder.path(percentEncoded: false)]
            func peak(_ arguments: [String]) async throws -> Int {
                let run = try await Program.run(
                    arguments + vault, password: server.password.reveal(), peak: peakFile)
                #expect(run.exitCode == 0, "\(run.output)")
                let text = try String(contentsOf: peakFile, encoding: .utf8)
                return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            }
            let target = scene.beside("restored")
            let backup = ["backup", scene.source.url, "--user", "admin"]
            let runs = [
                backup, ["vault", "check", "--read-data"],
                ["restore", "source", "--to", target.url, "--user", "admin"],
            ]
            var peaks: [Int] = []
            for run in runs { peaks.append(try await peak(run)) }
            // A run with nothing to do shows what the program takes by itself.
            let bare = try await peak(backup)
            for (run, peak) in zip(runs, peaks) {
                #expect(peak < 150_000, "\(run): \(peak) kB")
                #expect(
                    peak - bare < Self.megabytes * 1024 / 2, "\(run): \(peak) kB, and \(bare) kB with nothing to do")
            }
            #expect(try await Self.digest(of: target) == Self.digest(of: scene.source))
            #expect(try await scene.picture(of: target).unordered == scene.picture().unordered)
        }
    }
}
