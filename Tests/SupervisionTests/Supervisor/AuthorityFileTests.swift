import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite(.timeLimit(.minutes(1))) struct AuthorityFileTests {
    /// A certificate of an authority, any.
    private static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBmjCCAUGgAwIBAgIUa+ImZ2JY2GM3LTLbGzmubzrkSnMwCgYIKoZIzj0EAwIw
        GjEYMBYGA1UEAwwPQ291Y2hrZWVwIHRlc3RzMCAXDTI2MTEyNDEzMzc1NloYDzIx
        MjYxMDMxMTMzNzU2WjAaMRgwFgYDVQQDDA9Db3VjaGtlZXAgdGVzdHMwWTATBgcq
        hkjOPQIBBggqhkjOPQMBBwNCAARF6O0Dyq+CXdomOPUujnrW6Cyheq/9bsqLjR4Y
        5uLYjtlHNBsmYU3FH+Pg/TBy2q26IF8qWQXb9LaGtGbueh/1o2MwYTAdBgNVHQ4E
        FgQUcO24/cudPTEmPU7aKqPAtg8+fFAwHwYDVR0jBBgwFoAUcO24/cudPTEmPU7a
        KqPAtg8+fFAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZI
        zj0EAwIDRwAwRAIgTB7H0qLBRDkU4hBc+pjXPM7Ykz5Tv44DgR2pqegpKWYCIBPr
        C+ZSqNPmQ9aAA03pRfTr16cokkfjhEvdPK08fnpE
        -----END CERTIFICATE-----
        """

    @Test("What to look with at a server that does not answer names the server's own ca_file")
    func step() async throws {
        try await withTemporaryFolder { folder in
            let file = "\(folder)/our ca.pem"
            try Data(Self.authority.utf8).write(to: URL(fileURLWithPath: file))
            // Nothing listens there.
            let connection = try ServerConnection(
                url: try ServerURL("https://127.0.0.1:9"),
                configuration: ConnectionConfiguration(maximumRetries: 0, certificateAuthorityFile: file))
            let server = SupervisedServer(
                name: "production", connection: connection, access: ReplicationAccess(url: connection.url),
                expectsUser: false)
            let supervisor = Supervisor(
                servers: [server], sources: ["production"], selectPairs: { _, _ in PairSelection(pairs: []) },
                state: try StateDatabase(folder: folder))
            let report = try await connection.closing { try await supervisor.pass().report }
            let finding = try #require(report.servers.first?.findings.first)
            #expect(finding.rule == "server-unreachable")
            #expect(finding.next == "curl -sS --cacert '\(file)' https://127.0.0.1:9/")
        }
    }
}
