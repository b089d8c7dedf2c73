import CouchDB
import Replication
import Secrets
import Supervision
import Vault

/// Why a pair's backup was not made, or could not be looked at.
package struct VaultPairFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Side: Sendable, Hashable {
        case source, vault
        /// A file of this machine, such as a temporary one on a full disk.
        case local
    }

    package var side: Side
    package var description: String
    /// What happened, without the place and the next step.
    var what: String
    /// The error's stable code, where it has one.
    package var code: String?
    /// The finding that explains it, such as a server that can't be reached.
    package var cause: String?
    /// What to do next, where that is known.
    var next: String?
    /// The code of a command that only backs up.
    package var exitCode: ExitCode

    /// - Parameter server: the source's server.
    init(_ error: any Error, from server: String) {
        switch error {
        case let error as ReplicationFailure where error.side == .source:
            self.init(.source, "\(error.underlying)", ExitCode(error))
            code = (error.underlying as? CouchError)?.code.rawValue
            cause = (error.underlying as? CouchError).flatMap { Self.cause($0, server) }
            if (error.underlying as? CouchError)?.isNodeAway == true {
                next =
                    "start the nodes of \(server) that are away, as \(ClusterNodesAway.name) of the server names them; "
                    + "couchkeep explain \(ClusterNodesAway.name)"
            } else if (error.underlying as? CouchError)?.isShardUnopened == true {
                next =
                    "see CouchDB's log on \(server): no copy of the database's shards could be opened, since nodes are away, "
                    + "or files are damaged or unreadable"
            }
        case let error as ReplicationFailure:
            self.init(.vault, "\(error.underlying)", ExitCode(error))
            take(error.underlying as? VaultError)
        case let error as VaultError:
            self.init(.vault, "\(error)", ExitCode(error))
            take(error)
        case let error as SecretError:
            self.init(.source, "\(error)", .authentication)
            cause = Finding.fingerprint(rule: SecretUnavailable.name, subject: server)
        default:
            guard let local = LocalFileFailure.naming(error) else {
                self.init(.vault, "\(error)", .problem)
                return
            }
            self.init(.local, "\(local)", ExitCode(local))
            (code, what) = (local.code.rawValue, local.what)
        }
    }

    /// A database that is backed up nowhere, since another one would have the same backup.
    init(leftOut rival: VaultPair) {
        self.init(
            .vault,
            "another database would be backed up into \(rival.name) too, and it is not this one's backup; give one of "
                + "them another name at the target", .problem)
        code = PairsConflict.name
    }

    /// What a pass has found of the source's server, so that no pair need find it out again; nil where it can be asked.
    init?(_ server: ServerReport) {
        guard let finding = server.findings.first(where: { Self.rulesOfServers[$0.rule] != nil }),
            let exitCode = Self.rulesOfServers[finding.rule]
        else { return nil }
        self.init(.source, finding.summary, exitCode)
        code = finding.evidence["code"]?.string
        cause = Finding.fingerprint(rule: finding.rule, subject: server.name)
    }

    /// The rules that say of a server that its databases can't be asked, with the code that follows.
    private static let rulesOfServers: [String: ExitCode] = [
        ServerUnreachable.name: .sourceUnreachable, CredentialsRejected.name: .authentication,
        SecretUnavailable.name: .authentication,
    ]

    private init(_ side: Side, _ description: String, _ exitCode: ExitCode) {
        (self.side, self.description, self.exitCode) = (side, description, exitCode)
        what = description
    }

    private mutating func take(_ error: VaultError?) {
        guard let error else { return }
        (code, what) = (error.code.rawValue, error.what)
    }

    /// Whether only another process keeps the pair from being backed up, which is at it itself.
    var isOtherAtWork: Bool { side == .vault && code == VaultError.Code.locked.rawValue }

    private static func cause(_ error: CouchError, _ server: String) -> String? {
        let rule: String? =
            switch error.code {
            case .unreachable, .nameNotResolved, .timeout: ServerUnreachable.name
            case .unauthorized: CredentialsRejected.name
            case .forbidden where error.isAccountLocked: CredentialsRejected.name
            default: nil
            }
        return rule.map { Finding.fingerprint(rule: $0, subject: server) }
    }
}
