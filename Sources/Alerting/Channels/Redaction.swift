import Foundation
import Secrets

/// Takes known secrets out of a text that came from somebody else, such as a server that repeats what it was sent.
struct Redaction: Sendable {
    private let secrets: [Secret]

    init(_ secrets: [Secret]) {
        // A login travels as Base64, alone (LOGIN) and behind the name (PLAIN); a server may echo any of it.
        self.secrets = secrets.filter { !$0.isEmpty }.flatMap { secret in
            [secret, Secret(Data(secret.reveal().utf8).base64EncodedString())]
        }
    }

    func apply(to text: String) -> String {
        secrets.reduce(text) { $0.replacingOccurrences(of: $1.reveal(), with: Secret.mask) }
    }
}
