import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct SecurityDiffersTests {
    private func scene(_ source: JSONValue, _ target: JSONValue) -> Scene {
        var scene = Scene()
        scene.inspection = PairInspection(sourceSecurity: .known(source), targetSecurity: .known(target))
        return scene
    }

    static let nothing: JSONValue = .object([:])
    static let open: JSONValue = ["admins": ["names": [], "roles": []], "members": ["names": [], "roles": []]]

    static let alike: [[JSONValue]] = [
        [nothing, open], [nothing, ["admins": nothing]],
        [["members": ["roles": ["a", "b"]]], ["members": ["roles": ["b", "a"], "names": []]]],
        [["members": ["roles": ["a", "a"]]], ["members": ["roles": ["a"]]]],
    ]

    static let unlike: [[JSONValue]] = [
        [nothing, ["admins": ["roles": ["_admin"]]]],
        [["members": ["names": ["a"]]], ["members": ["roles": ["a"]]]],
        [nothing, ["cloudant": ["a": ["_reader"]]]],
        [["admins": ["names": ["a"]]], ["members": ["names": ["a"]]]],
    ]

    @Test("What means the same is the same", arguments: alike)
    func same(sides: [JSONValue]) {
        #expect(scene(sides[0], sides[1]).found == [])
    }

    @Test("What means something else is different", arguments: unlike)
    func different(sides: [JSONValue]) {
        let scene = scene(sides[0], sides[1])
        #expect(scene.found == ["security-differs"])
        #expect(scene.finding("security-differs")?.severity == .warning)
        #expect(scene.plan() == .none)
    }

    @Test("A source of an older server that is open to everybody does not open its backup")
    func narrower() {
        let closed: JSONValue = ["admins": ["roles": ["_admin"]], "members": ["roles": ["_admin"]]]
        for open in [Self.nothing, Self.open] {
            var scene = scene(open, closed)
            #expect(scene.pass() == ["security-differs"])
            #expect(scene.finding("security-differs")?.severity == .notice)
            scene.inspection = nil
            #expect(scene.finding("security-differs")?.severity == .notice, "the last word stands as it was")
        }
        #expect(scene(closed, Self.open).finding("security-differs")?.severity == .warning)
    }

    @Test("The last word stands where nobody looked, or could not")
    func lastWord() {
        var scene = scene(Self.nothing, ["members": ["names": ["a"]]])
        #expect(scene.pass() == ["security-differs"])
        scene.inspection = nil
        #expect(scene.pass() == ["security-differs"])
        scene.inspection = PairInspection(
            sourceSecurity: .known([:]), targetSecurity: .unknown(CouchError(.forbidden, "")))
        #expect(scene.pass() == ["security-differs"])
        scene.inspection = PairInspection()
        #expect(scene.pass() == [])
        scene.inspection = nil
        #expect(scene.pass() == [])
    }

    @Test("A pair may leave it uncompared")
    func uncompared() {
        var scene = scene(Self.nothing, ["members": ["names": ["a"]]])
        _ = scene.pass()
        scene.pair.comparesSecurity = false
        #expect(scene.found == [])
        scene.inspection = nil
        #expect(scene.found == [])
    }
}
