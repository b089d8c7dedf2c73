import Alerting
import Foundation
import Secrets
import Testing

@Suite struct EmailSettingsTests {
    private func settings(_ change: (inout EmailSettings) -> Void) throws -> EmailSettings {
        let address = try MailAddress("ops@example.org")
        var settings = EmailSettings(host: "smtp.example.org", from: address, to: [address])
        change(&settings)
        return settings
    }

    private static let bad: [@Sendable (inout EmailSettings) -> Void] = [
        { $0.to = [] },
        { $0.host = "" },
        { $0.host = "smtp.example.org:587" },
        { $0.host = "evil.example.org/?" },
        { $0.host = "a\r\nb" },
        { $0.port = 0 },
        { $0.port = 65536 },
        { $0.user = "u" },
        { $0.password = Secret("p") },
        {
            $0.user = ""; $0.password = Secret("p")
        },
        {
            $0.user = "u"; $0.password = Secret("")
        },
        {
            $0.security = .none; $0.user = "u"; $0.password = Secret("p")
        },
    ]

    @Test(arguments: bad.indices)
    func refusesWhatCanNotWork(index: Int) throws {
        let settings = try settings(Self.bad[index])
        let error = #expect(throws: DeliveryError.self) { try EmailChannel(settings) }
        #expect(error?.code == .invalidSettings)
    }

    @Test func acceptsAPasswordWithoutTLSOnlyOnThisMachine() throws {
        for host in ["localhost", "127.0.0.1", "::1"] {
            let settings = try settings {
                $0.host = host
                $0.security = .none
                $0.user = "u"
                $0.password = Secret("p")
            }
            #expect(throws: Never.self) { try EmailChannel(settings) }
        }
    }

    @Test(arguments: [
        ("startTLS", EmailSettings.Security.startTLS, 587), ("implicit", .implicitTLS, 465), ("none", .none, 25),
    ])
    func portsFollowTheSecurity(name: String, security: EmailSettings.Security, port: Int) throws {
        #expect(try settings { $0.security = security }.effectivePort == port)
    }

    @Test(arguments: [
        ("ops@example.org", "", "ops@example.org"),
        ("  ops@example.org ", "", "ops@example.org"),
        ("Operations <ops@example.org>", "Operations", "ops@example.org"),
        ("\"Doe, Jane\" <jd@example.org>", "Doe, Jane", "jd@example.org"),
        ("<root@localhost>", "", "root@localhost"),
    ])
    func readsAddresses(text: String, name: String, address: String) throws {
        let parsed = try MailAddress(text)
        #expect(parsed.name == name)
        #expect(parsed.address == address)
    }

    @Test(arguments: [
        "", "ops", "ops@", "@example.org", "a@b@c", "a b@example.org", "a@example.org\r\nRCPT TO:<x@y>",
        "X <a@example.org>\r\nBcc: b@example.org", "X <a@example.org\r\n>", "größe@example.org", "a<b@example.org",
        "a@example.org, b@example.org", "Ops\r\nBcc: x@example.org <a@example.org>", "Ops\u{2028} <a@example.org>",
    ])
    func refusesWhatIsNoAddress(text: String) {
        let error = #expect(throws: DeliveryError.self) { try MailAddress(text) }
        #expect(error?.code == .invalidSettings)
    }
}
