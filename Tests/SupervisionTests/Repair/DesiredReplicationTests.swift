import CouchDB
import Foundation
import Secrets
import Testing

@testable import Supervision

@Suite struct DesiredReplicationTests {
    @Test(
        "The document to write is right by its own measure, on old servers and new ones",
        arguments: [
            ServerVersion(3, 5), ServerVersion(3, 1), ServerVersion(2, 3, 1), ServerVersion(1, 7, 1),
        ])
    func ownDocument(version: ServerVersion) throws {
        let scene = Scene()
        let document = scene.desired.document(on: Scene.server(version, uuid: nil))
        let read = try ReplicationDocument(answer: .object(document.members))
        #expect(scene.desired.differences(from: read) == [])
        #expect(OwnershipMark.isPresent(in: read))
        #expect(read.isContinuous)
        #expect(read.members["create_target"] == nil)
        #expect(read.source?.hasCredentialsInURL == (version < ServerVersion(3, 2)))
    }

    @Test("Without credentials, and with a token, there is nothing else to compare")
    func withoutPassword() throws {
        var scene = Scene()
        scene.sourceAccess = ReplicationAccess(url: scene.sourceAccess.url)
        scene.targetAccess = ReplicationAccess(
            url: scene.targetAccess.url, headers: ["Authorization": Secret("Bearer t")])
        var document = scene.ownDocument
        #expect(scene.desired.differences(from: document) == [])
        scene.targetAccess.headers = ["Authorization": Secret("Bearer new")]
        #expect(scene.desired.differences(from: document) == ["target headers"])
        document.source = nil
        #expect(scene.desired.differences(from: document).contains("source"))
    }

    @Test("On a node of 2.x a bare name is a database of that node alone")
    func nodesOwn() {
        var scene = Scene()
        for (version, isPair) in [(ServerVersion(1, 7, 1), true), (ServerVersion(2, 3, 1), false)] {
            scene.targetServer = .known(Scene.server(version, uuid: "b2"))
            #expect(scene.desired.matches(source: "http://couch1.example.org:5984/orders", target: "orders") == isPair)
        }
    }

    @Test("The other ways to write an address are the same place; on a coordinator of 1.x a bare name too")
    func aliases() {
        var scene = Scene()
        (scene.sourceServer, scene.targetServer) = (
            .known(Scene.server(ServerVersion(1, 7, 1), uuid: "a1")),
            .known(Scene.server(ServerVersion(1, 7, 1), uuid: "b2"))
        )
        scene.sourceAccess.otherURLs = [Scene.url("https://couch1.internal:6984/couch")]
        #expect(scene.desired.matches(source: "HTTP://Couch1.Example.org:5984/orders", target: "orders"))
        #expect(
            scene.desired.matches(
                source: "https://u:p@couch1.internal:6984/couch/orders/",
                target: "http://couch2.example.org:5984/orders"))
        #expect(!scene.desired.matches(source: "orders", target: "orders"))
        #expect(!scene.desired.matches(source: "http://couch1.example.org:5984/orders2", target: "orders"))
        #expect(!scene.desired.matches(source: nil, target: "orders"))
        scene.pair.runOn = .source
        #expect(scene.desired.matches(source: "orders", target: "http://couch2.example.org:5984/orders/"))
        #expect(!scene.desired.matches(source: "orders", target: "orders"))
    }

    @Test("Ids are stable, tell pairs apart, and are fit for a URL")
    func ids() {
        func pair(_ source: String, _ target: String, on server: String = "standby") -> Pair {
            Pair(
                name: "x", source: DatabaseAddress(server: "production", database: source),
                target: DatabaseAddress(server: server, database: target))
        }
        // A changed id would leave every document of every user behind.
        #expect(OwnershipMark.documentID(for: pair("orders", "orders")) == "couchkeep-orders-a35b3a8c5607")
        let names = ["a/b", "a+b", "a-b", "a_b", "a(b", "ä", "ö", String(repeating: "long", count: 50)]
        var ids: Set<String> = []
        for source in names {
            for target in names {
                for server in ["standby", "third"] {
                    ids.insert(OwnershipMark.documentID(for: pair(source, target, on: server)))
                }
            }
        }
        #expect(ids.count == names.count * names.count * 2)
        for id in ids {
            #expect(id.utf8.count <= 63)
            #expect(id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        }
        // The name is for people and may change; how the job is run is no part either.
        var renamed = pair("orders", "orders")
        (renamed.name, renamed.runOn, renamed.mode) = ("production/orders", .source, .watch)
        #expect(OwnershipMark.documentID(for: renamed) == OwnershipMark.documentID(for: pair("orders", "orders")))
    }

    @Test("A mark is one only with a pair in it")
    func mark() throws {
        func isMarked(_ value: JSONValue?) throws -> Bool {
            var members: [String: JSONValue] = ["_id": "d"]
            members["couchkeep"] = value
            return OwnershipMark.isPresent(in: try ReplicationDocument(answer: .object(members)))
        }
        #expect(try isMarked(["pair": "a"]))
        #expect(try !isMarked(nil))
        #expect(try !isMarked(true))
        #expect(try !isMarked(["pair": 1]))
    }
}
