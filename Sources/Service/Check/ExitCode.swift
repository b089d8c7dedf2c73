import CouchDB
import Supervision
import Vault

/// The program's exit codes: a contract with scripts. Unknown codes are to be treated as failure.
package enum ExitCode: Int32, Sendable, CaseIterable {
    /// All is well.
    case ok = 0
    /// A problem was found, and is not (or not yet) repaired.
    case problem = 1
    /// The command or the configuration can't be used.
    case usage = 2
    /// Something was skipped, such as remembering the pass.
    case incomplete = 3
    /// Two databases differ.
    case different = 10
    /// Another couchkeep is at work.
    case locked = 11
    /// A login or key is rejected or can't be had, and that is all that is wrong.
    case authentication = 12
    /// A source can't be reached, and that is all that is wrong.
    case sourceUnreachable = 13
    /// A target can't be reached, and that is all that is wrong.
    case targetUnreachable = 14
    /// Stored data is damaged.
    case damaged = 15
    /// Refused, since it would be dangerous.
    case refused = 16
    /// Not known, or too old to be trusted.
    case unknown = 20

    /// The code for a report.
    ///
    /// Where all that is wrong comes from servers that can't be reached, or that can't be logged in to, or from a vault that
    /// is damaged or closed to the key, the code says so.
    package init(_ report: Report, sources: Set<String>) {
        switch report.verdict {
        case .ok: self = .ok
        case .unknown: self = .unknown
        case .problem:
            let bad = report.servers.flatMap { server in
                server.findings.filter { $0.severity != .notice }.map { (server.name, $0.rule) }
            }
            let others = report.pairs.flatMap(\.findings).filter { $0.isProblem && $0.cause == nil }
            if !others.isEmpty {
                let codes = Set(others.map(Self.vaultCode))
                self = bad.isEmpty && codes.count == 1 ? codes.first.flatMap(\.self) ?? .problem : .problem
            } else if bad.isEmpty {
                // A light alone says so, and no server has anything to do with it.
                self = .problem
            } else if bad.allSatisfy({ $0.1 == ServerUnreachable.name }) {
                self = bad.contains { sources.contains($0.0) } ? .sourceUnreachable : .targetUnreachable
            } else if bad.allSatisfy({ [CredentialsRejected.name, SecretUnavailable.name].contains($0.1) }) {
                self = .authentication
            } else {
                self = .problem
            }
        }
    }

    /// What a finding says of the vault; nil where it speaks of something else.
    private static func vaultCode(_ finding: Finding) -> ExitCode? {
        if finding.rule == BackupDamaged.name { return .damaged }
        guard finding.rule == BackupFailed.name, let text = finding.evidence["code"]?.string,
            let code = VaultError.Code(rawValue: text)
        else { return nil }
        let exitCode = ExitCode(code)
        return [.damaged, .authentication].contains(exitCode) ? exitCode : nil
    }

    /// The code for a state that can't be used.
    package init(_ error: StateError) {
        switch error.code {
        case .locked: self = .locked
        case .damaged: self = .damaged
        case .full: self = .incomplete
        case .newer, .unwritable, .unreadable: self = .usage
        case .tooManyFiles: self = .problem
        }
    }
}
