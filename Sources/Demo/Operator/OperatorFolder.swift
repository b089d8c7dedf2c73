import Foundation
import Secrets
import Service

/// The folder of whoever runs Couchkeep: the configuration, the files with passwords, the state.
struct OperatorFolder: Sendable {
    let url: URL

    var path: String { url.path(percentEncoded: false) }
    var configuration: String { url.appending(path: "couchkeep.yaml").path(percentEncoded: false) }

    static let recipient = "ops@example.org"

    /// Writes the configuration, mode 0600, and a password file for each server.
    func prepare(source: StageServer, target: StageServer, mailPort: Int) async throws {
        try await writePassword(of: source)
        try await writePassword(of: target)
        let text = """
            servers:
              \(line(of: source))
              \(line(of: target))
            pairs:
              - { source: \(source.name), target: \(target.name), databases: ["*"] }
            notify:
              email: { smtp: "127.0.0.1:\(mailPort)", tls: none, from: couchkeep@example.org, to: [\(Self.recipient)] }
            # Accidents follow each other within seconds here.
            repairs: { backoff: 1s, per_hour: 60 }
            state: \(url.appending(path: "state").path(percentEncoded: false))

            """
        try await onFileThread { try NewFile.write(text, to: configuration) }
    }

    /// Writes a server's password into its file, mode 0600.
    func writePassword(of server: StageServer) async throws {
        let (file, password) = (passwordFile(of: server), server.password)
        try await onFileThread {
            try Data(password.reveal().utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: file.path(percentEncoded: false))
        }
    }

    private func line(of server: StageServer) -> String {
        "\(server.name): { url: \"\(server.url)\", user: \(server.user), "
            + "password_file: \(passwordFile(of: server).path(percentEncoded: false)) }"
    }

    private func passwordFile(of server: StageServer) -> URL { url.appending(path: "\(server.name).password") }
}

/// Makes a folder that only this user may read, runs `body`, and removes the folder unless it is to be kept.
func withOperatorFolder(isKept: Bool, _ body: (OperatorFolder) async throws -> Void) async throws {
    let folder = OperatorFolder(
        url: FileManager.default.temporaryDirectory.appending(path: "couchkeep-demo-\(UUID().uuidString.prefix(8))"))
    try await onFileThread {
        try FileManager.default.createDirectory(
            at: folder.url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(folder))
    } catch {
        outcome = .failure(error)
    }
    if !isKept { try await onFileThread { try FileManager.default.removeItem(at: folder.url) } }
    try outcome.get()
}
