import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationAlteredTests {
    private func scene(_ change: (inout ReplicationDocument) -> Void) throws -> Scene {
        var scene = Scene()
        var document = scene.ownDocument
        change(&document)
        scene.replication.documents = [scene.running(try ReplicationDocument(answer: .object(document.members)))]
        return scene
    }

    @Test(
        "What somebody changed in our document is changed back",
        arguments: [
            ("source", ["url": "http://elsewhere.example.org/orders/"], "source"),
            ("create_target", true, "create_target"), ("use_checkpoints", false, "use_checkpoints"),
            ("cancel", true, "cancel"),
        ] as [(String, JSONValue, String)])
    func altered(member: String, value: JSONValue, named: String) throws {
        let scene = try scene { $0.members[member] = value }
        #expect(scene.found == ["replication-altered"])
        let finding = try #require(scene.finding("replication-altered"))
        #expect(finding.severity == .warning)
        #expect(finding.summary.contains(named))
        #expect(scene.plan().action == .rewriteReplication(documentID: scene.desired.documentID))
    }

    @Test("Another password, user or header is a change")
    func credentials() throws {
        var scene = try scene {
            $0.members["target"] = [
                "url": "http://couch2.example.org:5984/orders/",
                "auth": ["basic": ["username": "backup", "password": "old"]],
            ]
        }
        #expect(try #require(scene.finding("replication-altered")).evidence["differing"] == ["target password"])
        #expect(try !#require(scene.finding("replication-altered")).summary.contains("old"))
        scene = try self.scene { $0.members["source"] = "http://root:right@couch1.example.org:5984/orders" }
        #expect(try #require(scene.finding("replication-altered")).evidence["differing"] == ["source user"])
        scene = try self.scene {
            $0.members["source"] = [
                "url": "http://couch1.example.org:5984/orders", "headers": ["X-Tenant": "a"],
                "auth": ["basic": ["username": "backup", "password": "right"]],
            ]
        }
        #expect(try #require(scene.finding("replication-altered")).evidence["differing"] == ["source headers"])
    }

    @Test("Another spelling of the address and options of speed are no changes")
    func harmless() throws {
        let scene = try scene {
            $0.members["source"] = "HTTP://backup:right@Couch1.example.org:5984/orders"
            $0.members["worker_processes"] = 8
            $0.members["checkpoint_interval"] = 5000
            $0.members["comment"] = "by hand"
            $0.members["owner"] = "admin"
        }
        #expect(scene.found == [])
    }

    @Test(
        "A misspelled option does nothing, and that is noticed",
        arguments: [
            "continous", "docids", "Filter", "doc_id", "use_checkpoint", "worker_batchsize", "create-target",
        ])
    func misspelled(name: String) throws {
        let scene = try scene { $0.members[name] = true }
        #expect(scene.found == ["replication-altered"])
        let finding = try #require(scene.finding("replication-altered"))
        #expect(finding.severity == .notice)
        #expect(finding.evidence["ignored"] == [.string(name)])
        #expect(scene.plan() == .none)
    }

    @Test(
        "Members that are nobody's option are comments", arguments: ["comment", "note", "made_by", "ticket", "purpose"])
    func comment(name: String) throws {
        #expect(try scene { $0.members[name] = "x" }.found == [])
    }

    @Test("A document of somebody else may log in as whomever it likes, but not make targets")
    func foreign() {
        var scene = Scene()
        scene.replication.documents = [scene.running(scene.foreignDocument())]
        #expect(scene.found == [])
        scene.replication.documents = [scene.running(scene.foreignDocument(options: ["create_target": true]))]
        #expect(scene.found == ["replication-altered"])
        #expect(scene.plan().obstacle?.contains("--adopt") == true)
    }

    @Test("What makes a copy partial or one-shot has rules of its own")
    func handled() throws {
        #expect(try scene { $0.members["filter"] = "a/b" }.found == ["replication-partial"])
        #expect(try scene { $0.members["continuous"] = false }.found == ["replication-completed"])
    }
}
