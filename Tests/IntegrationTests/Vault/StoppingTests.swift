import CouchDB
import CouchSim
import Foundation
import Secrets
import Subprocess
import SystemPackage
import Testing

/// Commands that go on until somebody stops them end well.
@Suite(.timeLimit(.minutes(2)))
struct StoppingTests {
    @Test(arguments: [SIGINT, SIGTERM]) func aContinuousBackupEndsBehindAMoment(signal: Int32) async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try source.fill("orders", count: 10)
                let end = try await stop(
                    [
                        "backup", "\(source.baseURL)/orders", "--vault", scene.vault, "--user", source.administrator,
                        "--continuous",
                    ], signal: signal, in: scene, password: source.password, when: "orders: moment #1, 10 documents")
                #expect(end == .exited(0))
                let list = try await scene.run(["vault", "list", "orders", "--vault", scene.vault])
                #expect(list.output.contains("#1") && !list.output.contains("incomplete"), "\(list)")
            }
        }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func servingEnds(signal: Int32) async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                let end = try await stop(
                    ["serve", "--port", "0", "--vault", scene.vault], signal: signal, in: scene,
                    password: source.password, when: "Serving 1 backup on")
                #expect(end == .exited(0))
            }
        }
    }

    /// Runs the program until it has printed a text, on either stream, and sends it a signal then.
    private func stop(
        _ arguments: [String], signal: Int32, in scene: VaultScene, password: Secret, when text: String
    ) async throws -> TerminationStatus {
        var environment = Environment.inherit
        if let key = Environment.Key(rawValue: "COUCHKEEP_PASSWORD") {
            environment = environment.updating([key: password.reveal()])
        }
        // One stream, so that one place is to be watched.
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: Arguments(["-c", "exec \"$0\" \"$@\" 2>&1", Program.path] + arguments),
            environment: environment, workingDirectory: FilePath(scene.folder.path(percentEncoded: false)),
            input: .none, output: .sequence, error: .discarded
        ) { execution in
            var printed = ""
            var isSent = false
            for try await line in execution.standardOutput.strings() {
                printed += line
                guard !isSent, printed.contains(text) else { continue }
                try execution.send(signal: Signal(rawValue: signal))
                isSent = true
            }
            #expect(isSent, "\(printed)")
        }
        return result.terminationStatus
    }
}
