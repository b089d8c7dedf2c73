import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// What happens to single replications and databases on two real servers, and how Couchkeep mends it.
@Suite(
    .enabled(if: LocalCouchDB.isInstalled, RealServers.whySkipped), .sharedRealServers, .timeLimit(.minutes(5)))
struct RepairTests {
    @Test func deletedDocument() async throws {
        try await withAccident("replication document deleted", database: "deleted") { accident in
            let document = try #require(try await accident.replicator.document(accident.documentID))
            _ = try await accident.replicator.deleteDocument(
                accident.documentID, revision: try #require(document["_rev"]?.string))
            let found = try await accident.detect(ReplicationMissing.name, within: 1)
            #expect(found.checked.repairs.map(\.action) == ["create-replication"])
            try await accident.proveRepaired(found, rule: ReplicationMissing.name)
        }
    }

    @Test func wrongPasswordInTheDocument() async throws {
        try await withAccident("wrong password in the document", database: "wrong-password") { accident in
            try await accident.change { members in
                let basic: JSONValue = [
                    "username": .string(accident.servers.production.administrator), "password": "no",
                ]
                members["source"] = ["url": members["source"]?["url"] ?? "", "auth": ["basic": basic]]
            }
            let found = try await accident.detect(ReplicationAltered.name, within: 1)
            #expect(found.checked.repairs.map(\.action) == ["rewrite-replication"])
            try await accident.proveRepaired(found, rule: ReplicationAltered.name)
        }
    }

    @Test func oneShotCompleted() async throws {
        try await withAccident("one-shot completed", database: "one-shot") { accident in
            try await accident.change { $0["continuous"] = nil }
            try await Polling.until("completed") {
                try await accident.servers.target.schedulerDocument(accident.documentID)?.state == .completed
            }
            let found = try await accident.detect(ReplicationCompleted.name, within: 1)
            try await accident.proveRepaired(found, rule: ReplicationCompleted.name)
        }
    }

    @Test func filterThatIsMissing() async throws {
        try await withAccident("filter that does not exist", database: "filtered") { accident in
            try await accident.change { $0["filter"] = "nothing/there" }
            let found = try await accident.detect(ReplicationPartial.name, within: 1)
            try await accident.proveRepaired(found, rule: ReplicationPartial.name)
        }
    }

    @Test func duplicateOfOurOwn() async throws {
        try await withAccident("duplicate document of our own", database: "duplicate-own") { accident in
            var copy = try #require(try await accident.replicator.document(accident.documentID)?.object)
            copy["_rev"] = nil
            copy["_id"] = nil
            _ = try await accident.replicator.putDocument("copy-of-ours", members: copy)
            try await accident.waitUntilFailed("copy-of-ours")
            let found = try await accident.detect(ReplicationDuplicate.name, within: 1)
            #expect(found.checked.repairs.map(\.action) == ["remove-replication"])
            #expect(try await accident.replicator.document("copy-of-ours") == nil)
            #expect(try await accident.replicator.document(accident.documentID) != nil)
            try await accident.proveRepaired(found, rule: ReplicationDuplicate.name)
        }
    }

    @Test func duplicateOfSomebodyElse() async throws {
        try await withAccident("duplicate document of somebody else", database: "duplicate") { accident in
            _ = try await accident.writeForeignDocument("theirs")
            // CouchDB notes the failure in the document.
            try await accident.waitUntilFailed("theirs")
            let theirs = try #require(try await accident.replicator.document("theirs")?["_rev"]?.string)
            let found = try await accident.detect(ReplicationDuplicate.name, within: 1)
            #expect(found.checked.exitCode == 1)
            // It is not ours to delete.
            let revision = try await accident.replicator.document("theirs")?["_rev"]?.string
            #expect(revision == theirs)
            _ = try await accident.replicator.deleteDocument("theirs", revision: theirs)
            try await accident.proveRepaired(found, rule: ReplicationDuplicate.name, by: "its owner")
        }
    }

    @Test func transientJob() async throws {
        let servers = try #require(RealServers.shared)
        try await withKeeper { keeper in
            let accident = Accident(
                name: "transient _replicate job", keeper: keeper, servers: servers, database: "transient")
            try await accident.source.create()
            try await accident.target.create()
            try await accident.write(1...20)
            var configuration = servers.configuration
            configuration.databases = #"["transient"]"#
            try keeper.configure(configuration.yaml)
            let members = try await accident.foreignMembers()
            _ = try await servers.target.replicate(members)
            try await accident.waitForCopies(20)
            let found = try await accident.detect(ReplicationTransient.name, within: 1)
            #expect(found.checked.repairs.map(\.action) == ["make-durable"])
            #expect(try await servers.target.schedulerJobs().filter(\.isTransient).isEmpty)
            try await accident.proveRepaired(found, rule: ReplicationTransient.name)
        }
    }

    @Test func writesRefusedByAValidator() async throws {
        try await withAccident("writes refused by a validation function", database: "refused") { accident in
            let guardian: JSONValue = .string(
                "function (doc, old, user) { if (doc.value >= 100) throw({forbidden: 'too large'}) }")
            let revision = try await accident.target.putDocument(
                "_design/guard", members: ["validate_doc_update": guardian])
            try await accident.write(95...104)
            try await accident.waitForCopies(26)
            let found = try await accident.detect(WritesRefused.name, within: 3)
            let finding = try #require(found.finding)
            #expect(finding.severity == .critical)
            #expect(finding.summary.contains("_design/guard"), "\(finding.summary)")
            #expect(finding.evidence["refused"] == 5)
            // Nothing mends it while the cause is there.
            #expect(try await accident.keeper.check().rules.contains(WritesRefused.name))
            _ = try await accident.target.deleteDocument("_design/guard", revision: revision)
            try await Polling.until("the refused documents arrive", every: .milliseconds(500)) {
                _ = try await accident.keeper.check()
                return try await accident.target.info().documentCount == 30
            }
            try await accident.proveRepaired(found, rule: WritesRefused.name)
        }
    }

    @Test func targetDeleted() async throws {
        try await withAccident("target deleted", database: "target-deleted") { accident in
            try await accident.target.delete()
            let found = try await accident.detect(TargetMissing.name, within: 1)
            // CouchDB may still be deleting and refuse it at first; that it is done in the end is proved below.
            #expect(found.checked.repairs.contains { $0.action == "create-target" }, "\(found.checked.repairs)")
            try await accident.proveRepaired(found, rule: TargetMissing.name)
        }
    }

    @Test func targetDeletedAndRecreated() async throws {
        try await withAccident("target deleted and recreated", database: "target-recreated") { accident in
            // CouchDB tells databases apart by the second in which they were made.
            let made = try await accident.target.info().instanceStartTime
            try await Polling.until("the next second") { "\(Int(Date().timeIntervalSince1970))" != made }
            try await accident.target.delete()
            try await accident.target.create()
            let found = try await accident.detect(TargetReplaced.name, within: 1)
            #expect(found.checked.repairs.map(\.action) == ["reset-checkpoints"])
            try await accident.proveRepaired(found, rule: TargetReplaced.name)
        }
    }

    @Test func sourceDeletedAndRecreated() async throws {
        try await withAccident("source deleted and recreated", database: "source-recreated") { accident in
            try await accident.source.delete()
            try await accident.source.create()
            try await accident.write(1001...1003)
            let found = try await accident.detect(SourceReplaced.name, within: 1)
            // The backup is the only copy of the old source: nothing is done to it.
            #expect(found.checked.repairs.allSatisfy { $0.result == .planned })
            #expect(found.checked.exitCode == 1)
            #expect(try await accident.keeper.check().rules.contains(SourceReplaced.name))
            #expect(try await accident.target.document("document-1") != nil)
            // At the user's word the new one is right; the backup still holds the old documents.
            _ = try await accident.keeper.check("--adopt")
            try await Polling.until("the new source's documents arrive", every: .milliseconds(500)) {
                _ = try await accident.keeper.check()
                return try await accident.target.document("document-1003") != nil
            }
            #expect(try await accident.target.document("document-1") != nil)
            CaseTable.note(
                accident.name, rule: SourceReplaced.name, pass: found.pass, repaired: "held back, then by --adopt")
        }
    }

    @Test func securityDrift() async throws {
        try await withAccident("_security drift", database: "security") { accident in
            let before = try await accident.source.security()
            try await accident.target.setSecurity(["admins": ["names": ["mallory"]], "members": ["roles": []]])
            let found = try await accident.detect(SecurityDiffers.name, within: 1)
            // Rights are for people to give.
            #expect(found.checked.repairs.isEmpty)
            try await accident.target.setSecurity(before)
            try await accident.proveRepaired(found, rule: SecurityDiffers.name, by: "an administrator")
        }
    }

    @Test func wrongPasswordOfTheServer() async throws {
        let servers = try #require(RealServers.shared)
        try await servers.source.setConfiguration(section: "admins", key: "keeper", value: "first-password")
        try await withAccident(
            "password of the source changed", database: "password-changed",
            adjust: {
                $0.production.user = "keeper"
                $0.production.password = "first-password"
            },
            { accident in
                try await servers.source.setConfiguration(section: "admins", key: "keeper", value: "second-password")
                let found = try await accident.detect(CredentialsRejected.name, within: 1)
                #expect(found.checked.exitCode == 12)
                #expect(found.checked.alarms.contains("\(CredentialsRejected.name) @ production"))
                var configuration = servers.configuration
                configuration.databases = #"["password-changed"]"#
                configuration.production.user = "keeper"
                configuration.production.password = "second-password"
                try accident.keeper.configure(configuration.yaml)
                // The new password goes into the replication document.
                let next = try await accident.keeper.check()
                #expect(next.rules.contains(ReplicationAltered.name))
                try await accident.proveRepaired(found, rule: CredentialsRejected.name, by: "the new secret")
            })
    }

    @Test func stalledJob() async throws {
        let servers = try #require(RealServers.shared)
        let port = try ServerURL(servers.production.baseURL).port
        try await StallingProxy.run(to: port) { proxy in
            try await withAccident(
                "feed stalled by a proxy", database: "stalled",
                adjust: {
                    $0.production.more = "replication_url: \"http://127.0.0.1:\(proxy.port)\""
                    $0.pair = "thresholds: { stalled_for: 3s }"
                },
                { accident in
                    proxy.stall()
                    try await accident.write(21...30)
                    let found = try await accident.detect(ReplicationStalled.name, within: 40)
                    #expect(found.checked.repairs.contains { $0.action == "restart-replication" })
                    proxy.flow()
                    try await accident.proveRepaired(found, rule: ReplicationStalled.name)
                })
        }
    }
}
