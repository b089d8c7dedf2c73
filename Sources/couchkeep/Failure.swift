import ArgumentParser
import Backup
import CouchDB
import Foundation
import ReplicaServer
import Replication
import Secrets
import Service
import Supervision
import Vault

/// An error on its way out: the text for people on standard error, and the exit code.
struct Failure {
    /// What there is to say of an error.
    private struct Words {
        var text: String
        /// The kind of error, stable.
        var code: String
        var exit: Service.ExitCode
    }

    private let error: any Error

    init(_ error: any Error) { self.error = error }

    /// Prints what has to be said, and returns the exit code.
    func report() -> Int32 {
        if let error = error as? CommandEnd { return error.code.rawValue }
        guard let words else { return parserExit() }
        Console.error((error is ConfigurationError ? "" : "couchkeep: ") + words.text)
        return words.exit.rawValue
    }

    /// Prints it as the JSON object of a command too, and returns the exit code.
    func report(as command: any JSONCommand) -> Int32 {
        report(as: command.json ? type(of: command).schema : nil, backup: command.subject)
    }

    /// Prints it, and returns the exit code.
    ///
    /// - Parameter schema: of the JSON object that tells it too; nil where none is wanted.
    private func report(as schema: String?, backup: String?) -> Int32 {
        let code = report()
        guard let schema, !(error is CommandEnd), let words = words ?? usage else { return code }
        do {
            try Console.json(
                FailedResult(
                    schema: schema, backup: backup.map(Console.shown), code: words.code,
                    reason: Console.shown(words.text)))
        } catch {
            return Failure(error).report()
        }
        return code
    }

    /// Prints it where a command goes on with the rest, and returns the code.
    ///
    /// - Parameter schema: of the JSON object that tells it too; nil where none is wanted.
    func reportInPassing(as schema: String? = nil, backup: String? = nil) -> Service.ExitCode {
        Service.ExitCode(rawValue: report(as: schema, backup: backup)) ?? .problem
    }

    /// nil for what the parser has to say.
    private var words: Words? {
        switch error {
        case let error as ConfigurationError:
            Words(text: error.description, code: "configuration", exit: .usage)
        case let error as StateError: Words(text: "\(error)", code: error.code.rawValue, exit: Service.ExitCode(error))
        case let error as SecretError: Words(text: "\(error)", code: "secret-unavailable", exit: .authentication)
        case let error as CouchError:
            Words(
                text: "\(error)\(Self.hint(error)) [\(error.code)]", code: error.code.rawValue,
                exit: Self.exit(of: error))
        case let error as FirstConfiguration.LoginRefused:
            Words(
                text: "\(error) [\(error.underlying.code)]", code: error.underlying.code.rawValue, exit: .authentication
            )
        case let error as VaultError: Words(text: "\(error)", code: error.code.rawValue, exit: Service.ExitCode(error))
        case let error as RestoreError:
            Words(text: "\(error)", code: error.code.rawValue, exit: Service.ExitCode(error))
        case let error as DrillError: Words(text: "\(error)", code: error.code.rawValue, exit: .refused)
        case let error as BindingError:
            Words(
                text: "\(error)", code: error.code.rawValue,
                exit: error.code == .unavailableAddress ? .problem : .refused)
        case let error as ReplicationFailure:
            Words(
                text: "\(error.side.rawValue): \(error.underlying)\(Self.hint(error.underlying))",
                code: Self.code(of: error.underlying), exit: Service.ExitCode(error))
        case let error as RemovalHold: Words(text: "\(error)", code: error.finding.rule, exit: .refused)
        case let error as SourceNodesAway: Words(text: "\(error)", code: SourceNodesAway.code, exit: .refused)
        case let error as PairDirectory.UnknownPair: Words(text: "\(error)", code: "unknown-pair", exit: .usage)
        case is CancellationError:
            Words(text: "interrupted; the next run goes on", code: "interrupted", exit: .incomplete)
        default: otherWords
        }
    }

    /// What the parser did not understand is a usage error, which is 2 by contract; nothing else is that came here.
    private var otherWords: Words? {
        let code = Couchkeep.exitCode(for: error)
        if code.isSuccess || code == .validationFailure { return nil }
        if let local = LocalFileFailure.naming(error) {
            return Words(text: "\(local)", code: "local-file", exit: Service.ExitCode(local))
        }
        return Words(text: "\(error)", code: "problem", exit: .problem)
    }

    private var usage: Words? { Words(text: Couchkeep.message(for: error), code: "usage", exit: .usage) }

    private static func exit(of error: CouchError) -> Service.ExitCode {
        switch error.code {
        case .invalidInput: .usage
        case .unauthorized, .forbidden: .authentication
        default: .problem
        }
    }

    private static func code(of error: any Error) -> String {
        switch error {
        case let error as VaultError: error.code.rawValue
        case let error as CouchError: error.code.rawValue
        default: "problem"
        }
    }

    /// What most often has to be done about it, where that is known.
    private static func hint(_ error: any Error) -> String {
        guard let error = error as? CouchError else { return "" }
        if error.isAccountLocked {
            return "; the account is locked for some minutes, since \(AccountLock.reason): \(AccountLock.remedy)"
        }
        if error.isNodeAway {
            return
                "; nodes of the cluster are away: those that GET /_membership has in cluster_nodes and not in all_nodes "
                + "(couchkeep explain \(ClusterNodesAway.name))"
        }
        if error.isShardUnopened {
            return
                "; no copy of the database's shards could be opened: nodes are away, or files are damaged or unreadable; see "
                + "CouchDB's log"
        }
        if error.code == .unauthorized {
            let isBelow = error.request.map(seemsToMissADatabase) ?? false
            return "; check the user and the password: --user, and --password-file or COUCHKEEP_PASSWORD "
                + "(in the configuration: the server's user and password_file)" + (isBelow ? belowServer : "")
        }
        // A proxy that lets nobody in says nothing of the path.
        if error.code == .notCouchDB, error.status == 401 || error.status == 403 { return "" }
        guard error.status.map({ 400..<500 ~= $0 }) ?? (error.code == .unsupported), let request = error.request else {
            return ""
        }
        let login = error.code == .unsupported && request.hasSuffix("/_session") ? ": --basic, or auth: basic" : ""
        // One that is written so is not written otherwise.
        let isEscaped = request.contains("%2F") || request.contains("%2B")
        guard !isEscaped, seemsToMissADatabase(request) else { return login }
        return "\(login); if a slash of this path belongs to the database's name, write it %2F"
    }

    /// A database's path taken for the server's, where CouchDB asks for a login.
    private static let belowServer =
        "; or, where this path has a part of the database's name, write its slash %2F; with --all-databases the URL is the "
        + "server's alone"

    /// Whether a refused request was the first one, by a URL of which CouchDB knows nothing below its server's address: the one
    /// for what seems to be the database, or the login beside it.
    private static func seemsToMissADatabase(_ request: String) -> Bool {
        guard let path = request.split(separator: "://", maxSplits: 1).last?.split(separator: "?").first,
            case let parts = path.split(separator: "/"), parts.count > 2
        else { return false }
        if request.hasPrefix("POST ") { return parts.last == "_session" }
        return (request.hasPrefix("GET ") || request.hasPrefix("HEAD ")) && !parts.contains { $0.hasPrefix("_") }
    }

    /// Help and version end well.
    private func parserExit() -> Int32 {
        let text = Couchkeep.fullMessage(for: error)
        let isGood = Couchkeep.exitCode(for: error).isSuccess
        if isGood { Console.out(text) } else { Console.error(text) }
        return isGood ? 0 : Service.ExitCode.usage.rawValue
    }
}

/// A command that has said all it has to, and ends with a code.
struct CommandEnd: Error {
    let code: Service.ExitCode

    /// Ends the command unless all is well.
    static func end(_ code: Service.ExitCode) throws {
        guard code == .ok else { throw CommandEnd(code: code) }
    }
}
