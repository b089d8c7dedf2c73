import Foundation
import Subprocess
import SystemPackage

/// An authority and a certificate for this machine that it signed, and one that nobody signed.
struct TestCertificates: Sendable {
    struct Failed: Error {
        let output: String
    }

    let folder: URL

    var authority: String { folder.appending(path: "ca.pem").path }
    var certificate: String { folder.appending(path: "server.pem").path }
    var key: String { folder.appending(path: "server.key").path }
    var selfSignedCertificate: String { folder.appending(path: "self.pem").path }
    var selfSignedKey: String { folder.appending(path: "self.key").path }

    static func make(in folder: URL) async throws -> TestCertificates {
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        func openssl(_ words: [String]) async throws {
            let result = try await Subprocess.run(
                .name("openssl"), arguments: Arguments(words), workingDirectory: FilePath(folder.path),
                output: .discarded, error: .string(limit: 1 << 16))
            guard result.terminationStatus.isSuccess else { throw Failed(output: result.standardError) }
        }
        try await openssl(
            ["req", "-x509"] + newKey + ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority"])
        try await openssl(
            ["req", "-x509"] + newKey + [
                "-keyout", "self.key", "-out", "self.pem", "-subj", "/CN=localhost", "-addext", names,
            ])
        try await openssl(
            ["req", "-x509"] + newKey + [
                "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost", "-addext", names, "-addext",
                "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key",
            ])
        return TestCertificates(folder: folder)
    }
}
