import CouchDB
import CouchSim
import Foundation
import GRDB
import Secrets
import Testing
import Vault

/// What `couchkeep serve` takes for a state that can be served, and how many backups it serves.
@Suite(.timeLimit(.minutes(2)))
struct ServingTests {
    @Test func whatIsNotCompleteIsRefusedUnlessItIsWanted() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try source.fill("orders", count: 5)
                source.faults.add(
                    Fault(.failure(status: 403, error: "forbidden", reason: "no"), pathPrefix: "/orders/_changes"))
                #expect(try await scene.backUp("orders", of: source).exitCode != 0)
                let serve = ["serve", "orders", "--port", "0", "--vault", scene.vault]
                let none = try await scene.run(serve)
                #expect(none.exitCode == 2 && none.errors.contains("the backup has no moment yet"), "\(none)")

                source.faults.removeAll()
                source.faults.add(Fault(.documentMissing(id: "document-3"), database: "orders"))
                #expect(try await scene.backUp("orders", of: source).exitCode == 3)
                let refused = try await scene.run(serve)
                #expect(refused.exitCode == 16 && refused.errors.contains("say --incomplete"), "\(refused)")
                let alone = try await scene.run(["serve", "--port", "0", "--vault", scene.vault])
                #expect(alone.exitCode == 16, "\(alone)")

                let wanted = try await serving(
                    ["orders", "--incomplete"], asking: ["/orders/_all_docs?limit=0"], in: scene)
                #expect(wanted.errors.contains("moment #1 is not complete: "), "\(wanted)")
                #expect(wanted.output.contains(#""total_rows":4"#) && wanted.output.hasSuffix("code 0\n"), "\(wanted)")
            }
        }
    }

    /// A vault may have a backup for each of a hundred thousand users, and a process may open some files.
    @Test func moreBackupsThanCanBeOpen() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                let names = (100..<170).map { "user-\($0)" }
                for name in names {
                    source.makeDatabases(name)
                    try source.put("it", ["name": .string(name)], in: name)
                }
                let backup = try await scene.run(
                    [
                        "backup", source.baseURL, "--all-databases", "--vault", scene.vault, "--user",
                        source.administrator,
                    ],
                    environment: ["COUCHKEEP_PASSWORD": source.password.reveal()])
                #expect(backup.exitCode == 0, "\(backup)")
                let vault = try await Vault(at: scene.vault, create: false, now: Date())
                let last = try #require(try await vault.entries().first { $0.name == "user-169" })
                let queue = try DatabaseQueue(path: "\(scene.vault)/\(last.folder)/database.sqlite")
                try await queue.write { try $0.execute(sql: "UPDATE moment SET deleted = 7") }
                try queue.close()

                let paths = names.map { "/\($0)/it" } + ["/_all_dbs", "/_dbs_info"]
                let run = try await serving([], limit: 480, asking: paths, until: "user-169 is left out", in: scene)
                #expect(run.errors.contains("Serving 73 backups"), "\(run)")
                for name in names.dropLast() { #expect(run.output.contains(#""name":"\#(name)""#), "\(name)") }
                #expect(run.output.contains(#""error":"internal_server_error""#), "\(run.output)")
                #expect(run.errors.contains("GET /user-169/it: "), "\(run.errors)")
                #expect(run.output.hasSuffix("code 15\n"), "\(run.output.suffix(200))")
            }
        }
    }

    /// What clients only see as not there is told of each moment that is served, and once.
    @Test func whatALaterMomentHasLostIsTold() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders"], of: source)
                let vault = try await Vault(at: scene.vault, create: false, now: Date())
                let entry = try #require(try await vault.entries().first)
                let queue = try DatabaseQueue(path: "\(scene.vault)/\(entry.folder)/database.sqlite")
                try await queue.write { try $0.execute(sql: "DELETE FROM leaf WHERE id = 2") }
                try queue.close()
                try source.put("later", ["n": .integer(1)], in: "orders")

                let backup = [
                    "backup", "\(source.baseURL)/orders", "--vault", scene.vault, "--user", source.administrator,
                ]
                let run = try await serving(
                    ["orders"], asking: ["/orders"], running: backup,
                    environment: ["COUCHKEEP_PASSWORD": source.password.reveal()], until: "DAMAGED: moment 2 ",
                    in: scene)
                #expect(run.output.hasSuffix("code 0\n"), "\(run)")
                let line = "orders: DAMAGED: moment 2 was made of 6 revisions, and 5 are there; what is left is served"
                #expect(run.errors.components(separatedBy: line).count == 2, "\(run)")
            }
        }
    }

    /// Nobody starts a server again for each user who registers.
    @Test func whatIsBackedUpLaterIsServedToo() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders", "empty"], of: source)
                source.makeDatabases("zoo")
                try source.put("later", ["n": .integer(1)], in: "zoo")
                let vault = try await Vault(at: scene.vault, create: false, now: Date())
                let entry = try #require(try await vault.entries().first { $0.name == "empty" })
                let queue = try DatabaseQueue(path: "\(scene.vault)/\(entry.folder)/database.sqlite")
                try await queue.write { try $0.execute(sql: "PRAGMA user_version = 77") }
                try queue.close()

                let backup = [
                    "backup", "\(source.baseURL)/zoo", "--vault", scene.vault, "--user", source.administrator,
                ]
                let paths = ["/_all_dbs", "/zoo", "/zoo/later"]
                let environment = ["COUCHKEEP_PASSWORD": source.password.reveal()]
                let all = try await serving(
                    [], asking: paths, running: backup, environment: environment, thenAsking: paths, in: scene)
                #expect(all.errors.contains("empty is left out"), "\(all)")
                #expect(all.output.contains(#"["orders"]"#) && all.output.contains(#"["orders","zoo"]"#), "\(all)")
                #expect(all.output.components(separatedBy: "Database does not exist.").count == 3, "\(all)")
                #expect(all.output.contains(#""db_name":"zoo""#) && all.output.contains(#""n":1"#), "\(all)")

                let named = try await serving(["orders"], asking: paths, in: scene)
                #expect(named.output.contains(#"["orders"]"#), "\(named)")
                #expect(named.output.components(separatedBy: "Database does not exist.").count == 3, "\(named)")
            }
        }
    }

    @Test func anAllowedPageMayReadAndAllPagesOnlyWithALogin() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders"], of: source)
                let origin = "https://app.example.org"
                let run = try await serving(
                    ["orders", "--allow-origin", "http://localhost:3000", "--allow-origin", origin],
                    asking: ["/orders"], header: "Origin: \(origin)", in: scene)
                #expect(run.output.lowercased().contains("\r\naccess-control-allow-origin: \(origin)\r\n"), "\(run)")
                let refused = try await scene.run([
                    "serve", "--port", "0", "--vault", scene.vault, "--allow-origin", "*",
                ])
                #expect(refused.exitCode == 16 && refused.errors.contains("name the origins of yours"), "\(refused)")
            }
        }
    }

    /// Serves, asks, and stops it then.
    ///
    /// - Parameters:
    ///   - limit: how many files it may have open.
    ///   - header: a further line of the head of each request.
    ///   - command: what is run behind that, while it serves.
    ///   - later: what is asked behind the command.
    ///   - line: what it is to have said before it is stopped.
    private func serving(
        _ options: [String], limit: Int = 1024, asking paths: [String], header: String = "Accept: */*",
        running command: [String] = ["help"], environment: [String: String] = [:], thenAsking later: [String] = [],
        until line: String = "Serving", in scene: VaultScene
    ) async throws -> Program.Run {
        let script = """
            ulimit -n \(limit)
            "$COUCHKEEP" serve --port 0 --vault vault "$@" 2> served & pid=$!
            await() { until grep -q "$1" served || ! kill -0 $pid 2> /dev/null; do read -t 0.05 -u 9 || true; done 9<> <(:); }
            await Serving
            port=$(sed -n 's,.*http://127.0.0.1:\\([0-9]*\\)/.*,\\1,p' served)
            ask() { while read -r path; do
                exec 3<> /dev/tcp/127.0.0.1/$port
                printf 'GET %s HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\(header)\\r\\nConnection: close\\r\\n\\r\\n' "$path" >&3
                cat <&3; exec 3>&-
            done; }
            ask < paths
            "$COUCHKEEP" \(Self.quoted(command)) > ran || kill -INT $pid
            ask < later
            await '\(line)'
            kill -INT $pid; wait $pid; echo "code $?"; cat served >&2
            """
        for (name, paths) in ["paths": paths, "later": later] {
            try Data(paths.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: scene.path(name)))
        }
        return try await Program.shell(
            "set -- \(Self.quoted(options))\n\(script)", environment: environment, in: scene.folder)
    }

    private static func quoted(_ words: [String]) -> String { words.map { "'\($0)'" }.joined(separator: " ") }
}
