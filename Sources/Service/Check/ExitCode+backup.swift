import Backup
import CouchDB
import Replication
import Vault

extension ExitCode {
    /// The code for a vault that can't do what was asked.
    package init(_ error: VaultError) { self.init(error.code) }

    /// The code for a kind of error of a vault.
    init(_ code: VaultError.Code) {
        self =
            switch code {
            case .locked: .locked
            case .damaged: .damaged
            case .otherDatabase, .refused: .refused
            case .wrongKey, .keyMissing: .authentication
            case .full, .memory: .incomplete
            case .tooManyFiles: .problem
            case .notAVault, .newer, .readOnly, .inaccessible, .unknownDatabase, .unknownMoment: .usage
            }
    }

    /// The code for a restore that was not begun.
    package init(_ error: RestoreError) {
        self =
            switch error.code {
            case .targetNotEmpty, .targetIsSource, .wouldStartJobs, .otherRestore, .incompleteMoment,
                .otherPartitioning:
                .refused
            case .nothingSelected, .badSelector: .usage
            }
    }

    /// The code for a replication that one side has ended.
    package init(_ failure: ReplicationFailure) {
        switch failure.underlying {
        case let error as VaultError: self.init(error)
        case let error as CouchError: self.init(error, side: failure.side)
        default: self = .problem
        }
    }

    /// The code for a server that does not answer as it should.
    private init(_ error: CouchError, side: ReplicationFailure.Side) {
        self =
            switch error.code {
            case .invalidInput: .usage
            case .unauthorized, .forbidden: .authentication
            case .unreachable, .nameNotResolved, .notCouchDB, .timeout, .serverError, .tooManyRequests,
                .documentBlocked, .tls:
                side == .source ? .sourceUnreachable : .targetUnreachable
            default: .problem
            }
    }
}
