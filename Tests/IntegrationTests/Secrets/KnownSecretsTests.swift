import Foundation
import Testing

/// The search for secrets finds them.
@Suite struct KnownSecretsTests {
    @Test func findsEachForm() throws {
        let secrets = KnownSecrets("a", "b")
        let secret = secrets["a"]
        let json = String(decoding: try JSONEncoder().encode([secret]), as: UTF8.self)
        let texts = [
            secret, "http://u:\(secrets.escaped("a"))@host/", "\(secrets.escaped("a").lowercased())", json,
            Data(secret.utf8).base64EncodedString(), Data("u:\(secret)".utf8).base64EncodedString(),
            Data("us:\(secret)".utf8).base64EncodedString(), Data("use:\(secret)".utf8).base64EncodedString(),
        ]
        for text in texts {
            let found = secrets.found(in: Data("before \(text) after".utf8))
            #expect(!found.isEmpty && found.allSatisfy { $0.hasPrefix("a ") }, "\(text)")
        }
        #expect(secrets.found(in: Data("nothing of it".utf8)).isEmpty)
    }
}
