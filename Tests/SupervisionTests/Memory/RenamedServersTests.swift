import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct RenamedServersTests {
    private func reports(_ urls: [String: String]) -> [ServerReport] {
        urls.map { ServerReport(name: $0.key, url: $0.value, reachable: true, version: nil, findings: []) }
    }

    @Test(
        "A server of the same URL under another name is the same one",
        arguments: [
            (["a": "http://a"], ["b": "http://a"], ["a": "b"]), (["a": "http://a"], ["a": "http://a"], [:]),
            (["a": "http://a"], ["b": "http://b"], [:]), (["a": "http://a"], ["b": "http://a", "c": "http://a"], [:]),
            // It is still there, and another name was added for it.
            (["a": "http://a"], ["a": "http://a", "b": "http://a"], [:]),
            // The names were exchanged: what is behind each is another server, as its uuid tells.
            (["a": "http://a", "b": "http://b"], ["a": "http://b", "b": "http://a"], [:]),
            ([:], ["a": "http://a"], [:]),
        ] as [([String: String], [String: String], [String: String])])
    func names(before: [String: String], now: [String: String], names: [String: String]) {
        #expect(RenamedServers(before: reports(before), now: now).names == names)
    }

    @Test("What is remembered goes with the name")
    func memories() {
        var scene = Scene.watched()
        scene.source = .missing
        _ = scene.pass()
        let renamed = RenamedServers(
            before: reports(["production": "http://p", "standby": "http://s"]),
            now: ["main": "http://p", "standby": "http://s"])
        let pairs = renamed.renamed([scene.pair.key: scene.memory])
        let memory = pairs["main/orders -> standby/orders"]
        #expect(pairs.count == 1 && memory?.since(SourceMissing.name) == scene.memory.since(SourceMissing.name))
        #expect(memory?.source == DatabaseAddress(server: "main", database: "orders"))
        var server = ServerMemory()
        server.uuid = "u"
        #expect(renamed.renamed(["production": server]) == ["main": server])
    }
}
