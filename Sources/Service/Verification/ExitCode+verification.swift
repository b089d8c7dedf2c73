import CouchDB
import Replication
import Secrets
import Supervision
import Vault

extension PairVerifier.Outcome {
    /// The code of a command that verified this pair alone.
    package var exitCode: ExitCode {
        switch record.verdict {
        case .equal: .ok
        case .different: .different
        case nil: (failure as? StateError).map { ExitCode($0) } ?? .incomplete
        case .unknown:
            switch failure {
            case let failure as ReplicationFailure: Self.code(of: failure)
            case let error as VaultError: ExitCode(error)
            case is SecretError: .authentication
            default: .unknown
            }
        }
    }

    /// A database that is gone is no difference that was found: what is printed is unknown. A vault names its own.
    private static func code(of failure: ReplicationFailure) -> ExitCode {
        let code = ExitCode(failure)
        return code == .problem && !(failure.underlying is VaultError) ? .unknown : code
    }
}

extension ExitCode {
    /// The code for several verifications: a difference outweighs what could not be known.
    package init(verifications codes: [ExitCode]) {
        let bad = Set(codes).subtracting([.ok])
        if bad.isEmpty {
            self = .ok
        } else if bad.contains(.different) {
            self = .different
        } else {
            self = bad.count == 1 ? bad.first ?? .unknown : .unknown
        }
    }
}
