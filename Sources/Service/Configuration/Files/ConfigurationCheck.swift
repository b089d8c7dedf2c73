import Alerting
import Foundation
import Secrets
import Vault

/// What of a configuration can be checked on this machine, without asking a server.
package struct ConfigurationCheck: Sendable {
    private let loaded: LoadedConfiguration

    package init(_ loaded: LoadedConfiguration) { self.loaded = loaded }

    /// Fetches each secret and drops it, reads each certificate file, prepares each channel, and looks at programs and
    /// folders.
    ///
    /// - Returns: What is wrong, in the order of the file; empty when all is well.
    /// - Throws: `CancellationError` alone.
    package func run(
        environment: [String: String]? = nil, timeout: Duration = .seconds(30)
    ) async throws -> [ConfigurationIssue] {
        var issues: [ConfigurationIssue] = []
        var faulty: [String] = []
        for secret in loaded.secrets {
            let before = issues.count
            do {
                let value = try await secret.source.resolve(environment: environment, timeout: timeout)
                if secret.purpose == .url, let problem = SecretURL.problem(with: value.reveal()) {
                    issues.append(issue(secret, .invalidValue, problem.message, nextStep: problem.nextStep))
                }
                if secret.purpose == .vaultKey { _ = try VaultKey(value) }
            } catch let error as VaultError {
                issues.append(issue(secret, .invalidValue, error.what, nextStep: error.next))
            } catch let error as SecretError {
                issues.append(issue(secret, .secretUnavailable, error.message, nextStep: error.nextStep))
            }
            if issues.count > before { faulty.append(secret.path) }
        }
        issues += try await channelIssues(environment, leavingOut: faulty)
        return (issues + certificateIssues() + commandIssues() + stateIssues() + vaultIssues()).sorted()
    }

    /// Channels that could never send, but for those of which a secret is wrong, which is said already.
    private func channelIssues(
        _ environment: [String: String]?, leavingOut faulty: [String]
    ) async throws -> [ConfigurationIssue] {
        let broken = try await NotificationChannels(loaded.configuration.notify, environment: environment).broken
        return broken.compactMap { name, error in
            let path = "notify.\(name)"
            guard !faulty.contains(where: { $0.hasPrefix("\(path).") }) else { return nil }
            return loaded.issue(.invalidValue, at: path, "\(path): \(error.message)", nextStep: error.hint)
        }
    }

    private func issue(
        _ secret: SecretUse, _ code: ConfigurationIssue.Code, _ message: String, nextStep: String
    ) -> ConfigurationIssue {
        ConfigurationIssue(
            code, file: loaded.file, position: secret.position, message: "\(secret.path): \(message)",
            nextStep: nextStep)
    }

    private func certificateIssues() -> [ConfigurationIssue] {
        var files = loaded.configuration.servers.map { ("servers.\($0.name).ca_file", $0.caFile) }
        let notify = loaded.configuration.notify
        files += [
            ("notify.email.ca_file", notify.email?.caFile), ("notify.webhook.ca_file", notify.webhook?.caFile),
            ("notify.heartbeat.ca_file", notify.heartbeat?.caFile),
        ]
        return files.compactMap { path, file in
            guard let file, let reason = Self.reasonAgainstCertificates(in: file) else { return nil }
            return loaded.issue(
                .invalidValue, at: path, "\(path): \(file) \(reason)",
                nextStep: "name a file with the authority's certificate in PEM form")
        }
    }

    private static func reasonAgainstCertificates(in file: String) -> String? {
        do {
            let content = try SmallFile.read(file, limit: 4 * 1024 * 1024).content
            return content.range(of: Data("-----BEGIN CERTIFICATE-----".utf8)) == nil ? "holds no certificate" : nil
        } catch {
            return "can't be read: \(error.reason)"
        }
    }

    private func commandIssues() -> [ConfigurationIssue] {
        // A bare name is looked up in PATH when it is run.
        guard let program = loaded.configuration.notify.command?.argv.first, program.contains("/"),
            !FileManager.default.isExecutableFile(atPath: program)
        else { return [] }
        return [
            loaded.issue(
                .invalidValue, at: "notify.command.argv",
                "notify.command.argv: \(program) is no program that may be run",
                nextStep: "correct the path, or run: chmod +x \(program)")
        ]
    }

    private func vaultIssues() -> [ConfigurationIssue] {
        let configuration = loaded.configuration
        guard configuration.usesVault else { return [] }
        let folder = configuration.pairsVault.path
        let state = configuration.state.map { URL(filePath: $0).standardizedFileURL.path }
        if state == URL(filePath: folder).standardizedFileURL.path {
            return [
                loaded.issue(
                    .invalidValue, at: "vault.path", "vault.path: \(folder) is the state folder too",
                    nextStep: "name another folder; a vault has a folder of its own")
            ]
        }
        guard !StateLocation.canWrite(folder) else { return [] }
        return [
            loaded.issue(
                .invalidValue, at: "vault.path", "vault.path: \(folder) can't be written or made by this user",
                nextStep: "make it for the user who runs Couchkeep, or name another folder with vault.path")
        ]
    }

    private func stateIssues() -> [ConfigurationIssue] {
        guard let folder = loaded.configuration.state, !StateLocation.canWrite(folder) else { return [] }
        return [
            loaded.issue(
                .invalidValue, at: "state", "state: \(folder) can't be written by this user",
                nextStep: "give the folder to the user who runs Couchkeep, or name another one")
        ]
    }
}
