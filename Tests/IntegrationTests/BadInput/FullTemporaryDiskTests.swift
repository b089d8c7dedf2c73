import CouchDB
import CouchSim
import Foundation
import Secrets
import Supervision
import Testing

/// A disk for temporary files that is too small: attachments are spooled there on their way.
@Suite(.timeLimit(.minutes(2)))
struct FullTemporaryDiskTests {
    /// Runs a script in which `$SMALL` is a disk of one megabyte, in a namespace that ends with the shell.
    private static func onSmallDisk(_ script: String, _ environment: [String: String]) async throws -> Program.Run {
        let mounting = """
            unshare --user --map-root-user --mount bash -c 'mount -t tmpfs -o size=1m tmpfs "$SMALL" || exit 99
            \(script)'
            """
        return try await Program.shell(mounting, environment: environment)
    }

    /// Whether such a disk can be mounted here: containers often forbid it.
    static let isPossible: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "unshare --user --map-root-user --mount mount -t tmpfs tmpfs /mnt 2>/dev/null"]
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(.enabled(if: isPossible, "skipped: no file system may be mounted in a namespace of its own here"))
    func itIsNoFailureOfTheSource() async throws {
        try await withSimulatedServer { production in
            try await withKeeper { keeper in
                production.makeDatabases("orders", "copy")
                let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }).base64EncodedString()
                try production.put(
                    "film", ["_attachments": ["file": ["content_type": "video/mp4", "data": .string(bytes)]]],
                    in: "orders")
                let server = ConfigurationText.Server(production)
                let member = "url: \"\(server.url)\", user: \"\(server.user)\", password: \"\(server.password)\""
                try keeper.configure(
                    """
                    servers: { production: { \(member) } }
                    pairs:
                      - { source: production, target: vault, databases: [orders] }
                    unprotected: { report: false }
                    vault: { path: "\(keeper.folder.appending(path: "vault").path(percentEncoded: false))" }
                    """)
                let small = keeper.folder.appending(path: "small").path(percentEncoded: false)
                try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
                let environment = ["SMALL": small, "FILE": keeper.file]

                let backup = try await Self.onSmallDisk(
                    #"TMPDIR="$SMALL" "$COUCHKEEP" backup --config "$FILE""#, environment)
                #expect(backup.exitCode == 3, "\(backup)")
                #expect(backup.errors.contains("\(small): No space left on device [local-disk-full]"), "\(backup)")
                #expect(backup.errors.contains("TMPDIR") && !backup.errors.contains("source"), "\(backup)")

                let login = environment.merging([
                    "URL": "\(server.url)/orders", "COPY": "\(server.url)/copy", "USERNAME": server.user,
                    "COUCHKEEP_PASSWORD": production.password.reveal(), "VAULT": keeper.folder.path + "/other",
                ]) { $1 }
                let single = try await Self.onSmallDisk(
                    #"TMPDIR="$SMALL" "$COUCHKEEP" backup "$URL" --user "$USERNAME" --vault "$VAULT""#,
                    login)
                #expect(single.exitCode == 3 && single.errors.contains("[local-disk-full]"), "\(single)")
                #expect(!single.errors.contains("Usage") && !single.errors.contains("source"), "\(single)")

                let check = try await Self.onSmallDisk(
                    #"TMPDIR="$SMALL" "$COUCHKEEP" check --config "$FILE""#, environment)
                #expect(check.exitCode == 1 && check.output.contains("[local-disk-full]"), "\(check)")
                let finding = try #require(try await keeper.status().finding("backup-failed"))
                #expect(finding.cause == nil && finding.evidence["code"] == "local-disk-full", "\(finding)")

                // A comparison has its partitions there.
                let compared = try await Self.onSmallDisk(
                    #"""
                    dd if=/dev/zero of="$SMALL"/filler bs=4k 2>/dev/null
                    TMPDIR="$SMALL" "$COUCHKEEP" verify "$URL" "$COPY" --user "$USERNAME"
                    """#, login)
                #expect(compared.exitCode == 3 && compared.errors.contains("[local-disk-full]"), "\(compared)")
                #expect(try await keeper.check().exitCode == 0)
            }
        }
    }

    @Test func whatTheParserDoesNotKnowIsStillAUsageError() async throws {
        for arguments in [
            ["backup", "--no-such-option"], ["no-such-command"], ["verify", "orders", "--share", "2/3"],
        ] {
            let run = try await Program.run(arguments)
            #expect(run.exitCode == 2 && run.errors.contains("Usage"), "\(run)")
        }
        #expect(try await Program.run(["--help"]).exitCode == 0)
    }
}
