import Foundation
import NIOSSL
import Testing

/// The certificates of the tests; `Certificates/make.sh` made them.
enum Certificates {
    static func path(_ name: String) throws -> String {
        try #require(Bundle.module.resourceURL).appending(path: "Certificates").appending(path: name)
            .path(percentEncoded: false)
    }

    /// A server whose certificate is signed by the tests' authority.
    static func server(_ name: String) throws -> TLSConfiguration {
        TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(try path("\(name).pem")).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: try path("\(name).key"), format: .pem)))
    }
}
