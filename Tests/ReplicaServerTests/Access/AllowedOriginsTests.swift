import Secrets
import Testing

@testable import ReplicaServer

@Suite
struct AllowedOriginsTests {
    @Test(arguments: [
        ("https://app.example.org", "https://app.example.org"), ("http://localhost:3000", "http://localhost:3000"),
        ("HTTPS://App.Example.org:443", "https://app.example.org"), ("http://a:80", "http://a"),
        ("http://a:443", "http://a:443"), ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("capacitor://localhost", "capacitor://localhost"),
    ])
    func areReadAsBrowsersSendThem(text: String, sent: String) throws {
        let origins = try AllowedOrigins([text])
        #expect(origins == AllowedOrigins.listed([sent]))
    }

    @Test(arguments: [
        "", "app.example.org", "https://", "https://app.example.org/", "https://app.example.org/path", "https://a?b",
        "https://a#b", "https://u@a", "https://u:p@a", "https://*.example.org", "https://a:", "https://a:0",
        "https://a:65536",
        "https://a:b", "https://a b", " https://a", "https://bücher.example", "https://a,https://b", "//a", "null",
        "NULL",
    ])
    func whatIsNoneIsRefused(text: String) {
        let error = #expect(throws: BindingError.self) { try AllowedOrigins([text]) }
        #expect(error?.code == .unusableOrigin)
    }

    @Test func anyIsGivenAlone() throws {
        #expect(try AllowedOrigins([]) == AllowedOrigins.none)
        #expect(try AllowedOrigins(["*"]) == AllowedOrigins.any)
        let several = try AllowedOrigins(["https://a", "http://b", "https://a"])
        #expect(several == AllowedOrigins.listed(["https://a", "http://b"]))
        let error = #expect(throws: BindingError.self) { try AllowedOrigins(["https://a", "*"]) }
        #expect(error?.code == .unusableOrigin)
    }

    /// Else each page that somebody opens on this machine could send the backups home.
    @Test func anyDemandsALogin() {
        let none = ServedDatabases(names: { [] }, open: { _ in nil })
        let error = #expect(throws: BindingError.self) {
            try ReplicaListener(none, options: ServerOptions(allowedOrigins: .any, uuid: "u"))
        }
        #expect(error?.code == .unprotectedOrigins)
        for (access, origins) in [
            (ServerAccess.token(Secret("t")), AllowedOrigins.any), (.open, .listed(["https://app.example.org"])),
        ] {
            #expect(throws: Never.self) {
                try ReplicaListener(none, options: ServerOptions(access: access, allowedOrigins: origins, uuid: "u"))
            }
        }
    }
}
