import Foundation
import GRDB
import Replication
import Testing

@testable import Service

/// What a file of this machine that can't be written means for exit codes and findings.
@Suite struct LocalFailureTests {
    @Test(
        arguments: [
            (.full, .incomplete), (.forbidden, .problem), (.failed, .problem),
        ] as [(LocalFileFailure.Code, ExitCode)])
    func itBlamesNeitherTheSourceNorTheVault(code: LocalFileFailure.Code, exitCode: ExitCode) {
        let local = LocalFileFailure(code, "it failed", path: "/tmp")
        #expect(ExitCode(local) == exitCode)
        let failure = VaultPairFailure(local, from: "production")
        #expect(failure.side == .local && failure.exitCode == exitCode && failure.cause == nil)
        #expect(failure.code == code.rawValue && failure.description == local.description)
    }

    @Test(
        arguments: [
            (.SQLITE_FULL, .full), (.SQLITE_READONLY, .forbidden), (.SQLITE_CANTOPEN, .forbidden),
            (.SQLITE_IOERR, .failed), (.SQLITE_ERROR, nil), (.SQLITE_NOMEM, nil),
        ] as [(ResultCode, LocalFileFailure.Code?)])
    func errorsOfSQLite(result: ResultCode, code: LocalFileFailure.Code?) {
        #expect(LocalFileFailure.naming(DatabaseError(resultCode: result))?.code == code)
    }
}
