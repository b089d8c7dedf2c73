import CouchDB
import Secrets

/// The address of a server as the file gives it, with user and password where they stand in the URL.
struct ServerAddress: Sendable, Equatable {
    let url: ServerURL
    let user: String?
    let password: Secret?
}

extension ValueKind where Value == ServerAddress {
    static var serverAddress: Self {
        ValueKind(
            expectation: "a URL such as https://couch1.example.org:6984",
            parse: { text throws(InvalidValue) in
                do {
                    let parts = try ServerURL.parse(text)
                    return ServerAddress(url: parts.url, user: parts.user, password: parts.password)
                } catch let error as CouchError {
                    throw InvalidValue(
                        message: error.message, nextStep: "write a URL such as https://couch1.example.org:6984")
                } catch {
                    return nil
                }
            }, text: { YAMLScalar.text("\($0.url)") })
    }
}

/// A URL that is a secret: it is checked without being shown.
enum SecretURL {
    /// What is wrong with it, or nil.
    static func problem(with text: String) -> InvalidValue? {
        let lowercased = text.lowercased()
        let isURL =
            ["https://", "http://"].contains { lowercased.hasPrefix($0) && lowercased.utf8.count > $0.utf8.count }
            && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 }
        guard !isURL else { return nil }
        return InvalidValue(
            message: "this is no URL (it isn't shown, since it may hold a secret)",
            nextStep: "write a URL that begins with https:// or http://")
    }
}
