import CouchDB
import CouchSim
import Foundation
import NIOHTTP1
import Service
import Supervision
import Testing

/// What people hear of an outage: once by each channel, once more when it is over, and no heartbeat meanwhile.
@Suite(.timeLimit(.minutes(2)))
struct TellingTests {
    /// Two simulated servers with a complete backup, a mail server and a web server, and all four channels.
    private struct Scene: Sendable {
        var keeper: Keeper
        var production: SimulatedServer
        var mail: SMTPSink
        var web: WebSink

        /// What the command was given, a JSON text each.
        var commanded: [JSONValue] {
            get throws {
                let file = keeper.folder.appending(path: "commanded").path(percentEncoded: false)
                guard let data = FileManager.default.contents(atPath: file) else { return [] }
                return try data.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Data($0)) }
            }
        }

        var posted: [JSONValue] {
            get throws { try web.requests(to: "/hook").map { try JSONValue(parsing: Data($0.body.utf8)) } }
        }
    }

    private func withScene(_ body: @Sendable (Scene) async throws -> Void) async throws {
        try await withSimulatedServers { production, standby in
            try await SMTPSink.run { mail in
                try await WebSink.run { web in
                    try await withKeeper { keeper in
                        production.makeDatabases("orders", "invoices")
                        try production.fill("orders", count: 5)
                        let script = try keeper.write(
                            "#!/bin/sh\ntr -d '\\n' >> \(keeper.folder.path)/commanded; echo >> \(keeper.folder.path)/commanded\n",
                            to: "tell", mode: 0o700)
                        var configuration = ConfigurationText(
                            production: .init(production), standby: .init(standby))
                        configuration.more = """
                            notify:
                              email: { smtp: "127.0.0.1:\(mail.port)", tls: none, from: couchkeep@example.org, to: [ops@example.org] }
                              webhook: { url: "http://127.0.0.1:\(web.port)/hook" }
                              command: { argv: ["\(script)"] }
                              heartbeat: { url: "http://127.0.0.1:\(web.port)/beat", every: 1s }
                            """
                        try keeper.configure(configuration.yaml)
                        #expect(try await keeper.check().exitCode == 0)
                        try await body(Scene(keeper: keeper, production: production, mail: mail, web: web))
                    }
                }
            }
        }
    }

    @Test func anOutageIsToldOnceByEachChannelAndSoIsItsEnd() async throws {
        try await withScene { scene in
            // While all is well there is the heartbeat and nothing else.
            #expect(scene.web.requests(to: "/beat").count == 1)
            #expect(scene.mail.mails.isEmpty)
            #expect(try scene.posted.isEmpty && scene.commanded.isEmpty)

            try await scene.production.stop()
            let down = try await scene.keeper.check()
            #expect(down.exitCode == 13)
            let mail = try #require(scene.mail.mails.first)
            #expect(mail.recipients == ["ops@example.org"])
            #expect(mail.subject.contains("production"))
            // One outage is one message, with the pairs that it affects.
            for word in ["production can't be reached", "invoices", "orders", "curl -sS"] {
                #expect(mail.text.contains(word), "\(word): \(mail.text)")
            }
            #expect(try scene.posted.map { $0["status"] } == ["firing"])
            #expect(try scene.posted.first?["version"] == "4")
            #expect(try scene.commanded.map { $0["status"] } == ["firing"])
            #expect(down.report.channels.map(\.channel) == ["email", "webhook", "command", "heartbeat"])
            #expect(down.report.channels.allSatisfy { $0.error == nil && $0.lastSent != nil && $0.waiting == 0 })

            // The next pass tells nothing new.
            #expect(try await scene.keeper.check().exitCode == 13)
            #expect(scene.mail.mails.count == 1)
            #expect(try scene.posted.count == 1 && scene.commanded.count == 1)
            #expect(scene.web.requests(to: "/beat").count == 1)

            try await scene.production.start()
            try await Polling.until("the end is told", every: .milliseconds(200)) {
                _ = try await scene.keeper.check()
                // A channel that was slow on a busy machine gets it with a later pass.
                return try scene.mail.mails.count == 2 && scene.posted.count == 2 && scene.commanded.count == 2
                    && scene.web.requests(to: "/beat").count > 1
            }
            #expect(scene.mail.mails[1].subject.lowercased().contains("resolved"), "\(scene.mail.mails[1].subject)")
            #expect(try scene.posted.map { $0["status"] } == ["firing", "resolved"])
            #expect(try scene.commanded.map { $0["status"] } == ["firing", "resolved"])
            #expect(scene.web.requests(to: "/beat").count > 1)
            _ = try await scene.keeper.check()
            #expect(scene.mail.mails.count == 2)
        }
    }

    @Test func aDryRunTellsNobody() async throws {
        try await withScene { scene in
            try await scene.production.stop()
            #expect(try await scene.keeper.check("--dry-run").exitCode == 13)
            #expect(scene.mail.mails.isEmpty)
            #expect(try scene.posted.isEmpty && scene.commanded.isEmpty)
            #expect(scene.web.requests(to: "/beat").count == 1)
        }
    }

    @Test func theTestMessageTakesTheRealPath() async throws {
        try await withScene { scene in
            let good = try await scene.keeper.run("alert", "test")
            #expect(good.exitCode == 0, "\(good)")
            for channel in ["email", "webhook", "command", "heartbeat"] {
                #expect(good.output.contains("\(channel): last sent"), "\(good.output)")
            }
            #expect(scene.mail.mails.count == 1)
            #expect(try scene.posted.first?["commonLabels"]?["test"] == "true")
            #expect(try scene.commanded.count == 1)

            scene.web.answer(.internalServerError)
            let bad = try await scene.keeper.run("alert", "test")
            #expect(bad.exitCode == 1)
            #expect(bad.output.contains("webhook: FAILS"), "\(bad.output)")
            #expect(scene.mail.mails.count == 2)

            try await scene.production.stop()
            _ = try await scene.keeper.check()
            let list = try await scene.keeper.run("alert", "list")
            #expect(list.exitCode == 0)
            #expect(list.output.contains("production can't be reached"), "\(list.output)")
        }
    }

    @Test func aMessageThatCannotBeSentWaitsAndTheFailureIsShown() async throws {
        try await withScene { scene in
            scene.web.answer(.badGateway)
            try await scene.production.stop()
            let start = Date()
            let down = try await scene.keeper.checkHere(now: { start })
            func webhook(_ checked: Keeper.Checked) -> ChannelReport? {
                checked.report.channels.first { $0.channel == "webhook" }
            }
            #expect(webhook(down)?.error?.contains("502") == true, "\(down.report.channels)")
            #expect(webhook(down)?.waiting == 1)
            #expect(scene.mail.mails.count == 1)
            let stored = try await scene.keeper.status()
            #expect(webhook(stored)?.error?.contains("502") == true)
            let text = try await scene.keeper.run("status")
            #expect(text.output.contains("webhook: FAILS"), "\(text.output)")

            // The other channels say so.
            _ = try await scene.keeper.checkHere(now: { start.addingTimeInterval(5) })
            #expect(scene.mail.mails.count == 2)
            #expect(scene.mail.mails[1].text.contains("webhook"), "\(scene.mail.mails[1].text)")

            // Later it is delivered, in order.
            scene.web.answer(.ok)
            let before = try scene.posted.count
            let later = try await scene.keeper.checkHere(now: { start.addingTimeInterval(3600) })
            #expect(webhook(later)?.error == nil && webhook(later)?.waiting == 0)
            let delivered = try scene.posted.dropFirst(before)
            #expect(delivered.first?["status"] == "firing")
            let summary = try #require(delivered.first?["commonAnnotations"]?["summary"]?.string)
            #expect(summary.contains("production can't be reached"))
        }
    }
}
