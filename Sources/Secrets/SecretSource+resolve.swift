import Foundation

extension SecretSource {
    /// The largest secret that is taken, in bytes.
    static let limit = 64 * 1024

    /// Fetches the secret.
    ///
    /// Line ends after the secret are dropped. A file must be readable by its owner only; files below
    /// `/run/credentials` (systemd) and `/run/secrets` (containers) are exempt, since there the folder is guarded.
    ///
    /// - Parameters:
    ///   - environment: The environment variables; nil means those of this process.
    ///   - timeout: How long a command may run. It and all that it started are then ended.
    /// - Returns: The secret, one line, never empty.
    /// - Throws: ``SecretError``, or `CancellationError` when the task was cancelled while a command ran.
    public func resolve(
        environment: [String: String]? = nil, timeout: Duration = .seconds(30)
    ) async throws -> Secret {
        try await resolve(environment: environment, timeout: timeout, guardedFolders: SmallFile.guardedFolders)
    }

    package func resolve(
        environment: [String: String]?, timeout: Duration, guardedFolders: [String]
    ) async throws -> Secret {
        switch self {
        case .file(let path):
            return try secret(in: read(path, guardedFolders: guardedFolders))
        case .environment(let name):
            guard let value = (environment ?? ProcessInfo.processInfo.environment)[name] else {
                throw SecretError(
                    .variableMissing, "the environment variable \(name) is not set",
                    nextStep: "set \(name) where Couchkeep is started, or keep the secret in a file")
            }
            return try secret(in: Array(value.utf8))
        case .command(let words):
            return try await secret(in: SecretCommand(words: words, timeout: timeout).run())
        case .inline(let secret):
            return try self.secret(in: Array(secret.reveal().utf8))
        }
    }

    private func read(_ path: String, guardedFolders: [String]) throws(SecretError) -> [UInt8] {
        let file: SmallFile
        do {
            file = try SmallFile.read(path, limit: Self.limit, guardedFolders: guardedFolders)
        } catch .missing {
            throw SecretError(
                .fileMissing, "the secret file \(path) doesn't exist",
                nextStep: "write the secret into \(path) and run: chmod 600 \(path)")
        } catch {
            throw SecretError(
                .fileUnreadable, "the secret file \(path) can't be read: \(error.reason)",
                nextStep: "make \(path) a file that the user who runs Couchkeep owns")
        }
        guard !file.isExposed else {
            throw SecretError(
                .fileExposed,
                "the secret file \(path) is open to others than its owner (mode \(file.modeText))",
                nextStep: "run: chmod 600 \(path)")
        }
        return Array(file.content)
    }

    /// Checks what was found, and drops the line ends after it.
    private func secret(in bytes: [UInt8]) throws(SecretError) -> Secret {
        let end = bytes.lastIndex { $0 != 0x0A && $0 != 0x0D }.map { $0 + 1 } ?? 0
        guard let text = String(validating: bytes[..<end], as: UTF8.self) else {
            throw malformed("it is not UTF-8 text")
        }
        guard !text.isEmpty else {
            throw SecretError(.empty, "\(self) holds no secret", nextStep: "put the secret there, as one line")
        }
        // A line end inside would end an HTTP or SMTP header early.
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw malformed("it has more than one line, or control characters")
        }
        return Secret(text)
    }

    private func malformed(_ reason: String) -> SecretError {
        SecretError(
            .malformed, "\(self) holds no usable secret: \(reason)",
            nextStep: "leave nothing but the secret there, as one line of UTF-8 text")
    }
}
