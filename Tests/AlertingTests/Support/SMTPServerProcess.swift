import Foundation
import Subprocess
import SystemPackage

/// A mail server of another make, in a process of its own.
struct SMTPServerProcess: Sendable {
    struct Mail: Decodable, Sendable {
        var sender: String
        var recipients: [String]
        var user: String?
        var tls: Bool
        var headers: [String: String]
        var text: String
        var source: String
    }

    struct DidNotStart: Error {}

    let port: Int
    private let file: URL

    /// The mails so far.
    ///
    /// The server writes a mail before it acknowledges it.
    func mails() throws -> [Mail] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Mail.self, from: Data($0.utf8))
        }
    }

    /// Runs the server for as long as the body runs.
    static func run<Result: Sendable>(
        _ options: [String], in folder: URL, _ body: @Sendable (SMTPServerProcess) async throws -> Result
    ) async throws -> Result {
        let file = folder.appending(path: "mails-\(UUID().uuidString).jsonl")
        let configuration = Configuration(
            executable: .path(FilePath(tool)), arguments: Arguments(["run", "--mails", file.path] + options))
        return try await Subprocess.run(
            configuration, input: .inputWriter, output: .sequence, error: .currentStandardError
        ) { execution in
            for try await line in execution.standardOutput.strings() {
                guard let port = Int(line) else { throw DidNotStart() }
                let result = try await body(SMTPServerProcess(port: port, file: file))
                // The server ends with its standard input.
                try await execution.standardInputWriter.finish()
                return result
            }
            throw DidNotStart()
        }.closureResult
    }

    private static let tool = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Tools/smtp-server").path

    /// Makes the server's environment; where that fails, the tests that need it are skipped and the output says so.
    static func prepare() async -> Bool {
        do {
            let result = try await Subprocess.run(
                .path(FilePath(tool)), arguments: ["prepare"], output: .discarded, error: .string(limit: 1 << 20))
            if result.terminationStatus.isSuccess { return true }
            print("SKIPPED: tests against a real SMTP server, which can't be installed: \(result.standardError)")
        } catch {
            print("SKIPPED: tests against a real SMTP server, which can't be installed: \(error)")
        }
        return false
    }
}
