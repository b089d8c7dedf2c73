import Alerting
import CouchSim
import Foundation
import Secrets
import Testing

/// Mail through a real server of another make, with TLS and AUTH.
@Suite(.enabled("needs python3 and aiosmtpd") { await SMTPServerProcess.prepare() })
struct EmailServerTests {
    private let password = Secret("pw-7Zk!äß")

    private func settings(
        _ server: SMTPServerProcess, _ certificates: TestCertificates, security: EmailSettings.Security = .startTLS,
        password: Secret? = nil, to: [String] = ["ops@example.org"]
    ) throws -> EmailSettings {
        EmailSettings(
            host: "localhost", port: server.port, security: security, user: "couchkeep",
            password: password ?? self.password, caFile: certificates.authority,
            from: try MailAddress("Couchkeep <couchkeep@example.org>"), to: try to.map { try MailAddress($0) },
            timeout: .seconds(20))
    }

    private func withServer<Result: Sendable>(
        tls: String = "starttls", selfSigned: Bool = false, _ options: [String] = [],
        _ body: @Sendable (SMTPServerProcess, TestCertificates) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates.make(in: folder)
            let pair =
                selfSigned
                ? [certificates.selfSignedCertificate, certificates.selfSignedKey]
                : [certificates.certificate, certificates.key]
            let login = ["--user", "couchkeep", "--password", password.reveal()]
            return try await SMTPServerProcess.run(
                ["--tls", tls, "--certificate", pair[0], "--key", pair[1]] + login + options, in: folder
            ) { try await body($0, certificates) }
        }
    }

    @Test(arguments: [("starttls", EmailSettings.Security.startTLS), ("implicit", .implicitTLS)])
    func deliversWithTLSAndLogin(tls: String, security: EmailSettings.Security) async throws {
        let message = Message.sample(id: "b7a3", subject: "[couchkeep] CRITICAL orders: target was rolled back")
        let mail = try await withServer(tls: tls) { server, certificates in
            try await EmailChannel(settings(server, certificates, security: security)).deliver(message)
            return try #require(server.mails().first)
        }
        #expect(mail.tls)
        #expect(mail.user == "couchkeep")
        #expect(mail.sender == "couchkeep@example.org")
        #expect(mail.recipients == ["ops@example.org"])
        #expect(mail.headers["From"] == "Couchkeep <couchkeep@example.org>")
        #expect(mail.headers["To"] == "ops@example.org")
        #expect(mail.headers["Subject"] == message.subject)
        #expect(mail.headers["Date"] == "Tue, 24 Nov 2026 08:00:00 +0000")
        #expect(mail.headers["Message-ID"] == "<b7a3@example.org>")
        #expect(mail.headers["Auto-Submitted"] == "auto-generated")
        #expect(mail.text == message.body)
    }

    @Test func keepsSubjectAndBodyAsTheyAre() async throws {
        let subject = "[couchkeep] CRITICAL bestellungen-größer/日本: " + String(repeating: "Maß für Maß → 🦆", count: 9)
        let body = """
            Größe = 1,000
            .
            ..two dots
            .hidden
            From here on

            \(String(repeating: "a long line without an end ", count: 300))
            trailing blanks  \t
            emoji 🦆, 日本語 and =3D
            last line

            """
        let mail = try await withServer { server, certificates in
            try await EmailChannel(settings(server, certificates)).deliver(.sample(subject: subject, body: body))
            return try #require(server.mails().first)
        }
        #expect(mail.headers["Subject"] == subject)
        #expect(mail.text == body)
        for line in mail.source.components(separatedBy: "\r\n") { #expect(line.utf8.count <= 78) }
    }

    @Test func deliversToSeveralInOneTransaction() async throws {
        let people = ["ops@example.org", "Anna Großmann <anna@example.org>", "\"Doe, J\" <jd@example.org>"]
        let mails = try await withServer { server, certificates in
            try await EmailChannel(settings(server, certificates, to: people)).deliver(.sample())
            return try server.mails()
        }
        #expect(mails.count == 1)
        #expect(mails.first?.recipients == ["ops@example.org", "anna@example.org", "jd@example.org"])
        #expect(mails.first?.headers["To"]?.contains("Anna Großmann <anna@example.org>") == true)
    }

    @Test func aWrongPasswordIsALoginRefused() async throws {
        let wrong = Secret("wrong-8831")
        try await withServer { server, certificates in
            let channel = try EmailChannel(settings(server, certificates, password: wrong))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .loginRefused)
            // The server repeats the password in its answer.
            #expect(error?.message.contains("Wrong password: •••") == true)
            #expect(!"\(String(describing: error))".contains(wrong.reveal()))
            #expect(try server.mails().isEmpty)
        }
    }

    @Test(arguments: [("starttls", EmailSettings.Security.startTLS), ("implicit", .implicitTLS)])
    func aCertificateThatNobodySignedIsNotTrusted(tls: String, security: EmailSettings.Security) async throws {
        try await withServer(tls: tls, selfSigned: true) { server, certificates in
            let channel = try EmailChannel(settings(server, certificates, security: security))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .certificateNotTrusted)
            #expect(error?.hint.isEmpty == false)
            #expect(try server.mails().isEmpty)
        }
    }

    @Test func theAuthoritiesOfTheSystemDoNotSignForATest() async throws {
        try await withServer { server, certificates in
            var settings = try settings(server, certificates)
            settings.caFile = nil
            let channel = try EmailChannel(settings)
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .certificateNotTrusted)
        }
    }

    @Test func aCAFileThatCanNotBeReadIsASettingsError() async throws {
        try await withServer { server, certificates in
            let garbage = certificates.folder.appending(path: "garbage.pem")
            try Data("no certificate".utf8).write(to: garbage)
            for file in ["/nonexistent/ca.pem", garbage.path] {
                var settings = try settings(server, certificates)
                settings.caFile = file
                let channel = try EmailChannel(settings)
                let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
                #expect(error?.code == .invalidSettings, "\(file)")
            }
        }
    }

    @Test func oneRefusedRecipientDoesNotKeepItFromTheOthers() async throws {
        try await withServer(["--refuse", "gone@example.org"]) { server, certificates in
            let channel = try EmailChannel(
                settings(server, certificates, to: ["gone@example.org", "ops@example.org"]))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .recipientRefused)
            #expect(error?.delivered == true)
            #expect(error?.message.contains("gone@example.org") == true)
            #expect(try server.mails().first?.recipients == ["ops@example.org"])
        }
    }

    @Test func aRecipientRefusedForNowAloneGetsItLater() async throws {
        try await withServer(["--defer", "slow@example.org"]) { server, certificates in
            let channel = try EmailChannel(
                settings(server, certificates, to: ["ops@example.org", "slow@example.org"]))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .recipientRefused)
            #expect(error?.delivered == true && error?.rest == ["slow@example.org"])
            // Still refused for now, and nobody else gets it again.
            let again = await #expect(throws: DeliveryError.self) {
                try await channel.deliver(.sample(), toRest: ["slow@example.org"])
            }
            #expect(again?.delivered == true && again?.rest == ["slow@example.org"])
            #expect(try server.mails().map(\.recipients) == [["ops@example.org"]])
            try await channel.deliver(.sample(), toRest: ["ops@example.org"])
            #expect(try server.mails().map(\.recipients) == [["ops@example.org"], ["ops@example.org"]])
            // Who is not configured any more is not waited for.
            try await channel.deliver(.sample(), toRest: ["left@example.org"])
            #expect(try server.mails().count == 2)
        }
    }

    @Test func allRecipientsRefused() async throws {
        try await withServer(["--refuse", "gone@example.org"]) { server, certificates in
            let channel = try EmailChannel(settings(server, certificates, to: ["gone@example.org"]))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .recipientRefused)
            #expect(error?.delivered == false)
            #expect(try server.mails().isEmpty)
        }
    }

    @Test func aRefusedMailIsTold() async throws {
        try await withServer(["--refuse-mail"]) { server, certificates in
            let channel = try EmailChannel(settings(server, certificates))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .messageRejected)
            #expect(error?.message.contains("554") == true)
        }
    }
}
