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
            case let failure as ReplicationFailure: ExitCode(failure)
            case let error as VaultError: ExitCode(error)
            case is SecretError: .authentication
            default: .unknown
            }
        }
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
