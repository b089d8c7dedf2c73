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
    private let error: any Error

    init(_ error: any Error) { self.error = error }

    /// Prints what has to be said, and returns the exit code.
    func report() -> Int32 {
        switch error {
        case let error as CommandEnd:
            return error.code.rawValue
        case let error as ConfigurationError:
            Console.error(error.description)
            return ConfigurationError.exitCode
        case let error as StateError:
            Console.error("couchkeep: \(error)")
            return Service.ExitCode(error).rawValue
        case let error as SecretError:
            Console.error("couchkeep: \(error)")
            return Service.ExitCode.usage.rawValue
        case let error as CouchError:
            Console.error("couchkeep: \(error) [\(error.code)]")
            return code(of: error).rawValue
        case let error as VaultError:
            Console.error("couchkeep: \(error)")
            return Service.ExitCode(error).rawValue
        case let error as RestoreError:
            Console.error("couchkeep: \(error)")
            return Service.ExitCode(error).rawValue
        case let error as DrillError:
            Console.error("couchkeep: \(error)")
            return Service.ExitCode.refused.rawValue
        case let error as BindingError:
            Console.error("couchkeep: \(error)")
            return Service.ExitCode.refused.rawValue
        case let error as ReplicationFailure:
            Console.error("couchkeep: \(error.side.rawValue): \(error.underlying)")
            return Service.ExitCode(error).rawValue
        case let error as PairDirectory.UnknownPair:
            Console.error("couchkeep: \(error)")
            return Service.ExitCode.usage.rawValue
        case is CancellationError:
            Console.error("couchkeep: interrupted; the next run goes on")
            return Service.ExitCode.incomplete.rawValue
        default:
            return otherExit()
        }
    }

    /// What the parser did not understand is a usage error, which is 2 by contract; nothing else is that came here.
    private func otherExit() -> Int32 {
        let code = Couchkeep.exitCode(for: error)
        if code.isSuccess || code == .validationFailure { return parserExit() }
        if let local = LocalFileFailure.naming(error) {
            Console.error("couchkeep: \(local)")
            return Service.ExitCode(local).rawValue
        }
        Console.error("couchkeep: \(error)")
        return Service.ExitCode.problem.rawValue
    }

    private func code(of error: CouchError) -> Service.ExitCode {
        switch error.code {
        case .invalidInput: .usage
        case .unauthorized, .forbidden: .authentication
        default: .problem
        }
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
