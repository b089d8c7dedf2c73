import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct MassDeletionTests {
    private func deleting(_ count: Int) -> Scene {
        var scene = Scene.watched()
        scene.source = .present(Scene.database(documents: 1000 - count, deleted: count, sequence: 1000 + count))
        scene.target = .present(
            Scene.database(documents: 1000 - count, deleted: count, sequence: 1000 + count, identity: "1795000002"))
        return scene
    }

    @Test(
        "A fifth of the documents between two passes",
        arguments: [(199, []), (200, ["mass-deletion"])] as [(Int, [String])])
    func share(count: Int, rules: [String]) throws {
        let scene = deleting(count)
        #expect(scene.found == rules)
        if let finding = scene.finding("mass-deletion") {
            #expect(finding.summary.contains("200 documents of 1,000 (20 %)"))
            #expect(finding.severity == .critical)
        }
        #expect(scene.plan() == .none)
    }

    @Test("Nine of ten documents of a tiny database are no mass")
    func tiny() {
        var scene = Scene()
        scene.source = .present(Scene.database(documents: 10))
        _ = scene.pass()
        scene.source = .present(Scene.database(documents: 1, deleted: 9))
        #expect(scene.found == [])
        scene.source = .present(Scene.database(documents: 0, deleted: 10))
        #expect(scene.found == ["mass-deletion"])
    }

    @Test("A queue that makes and deletes, and tombstones of others, are no loss")
    func queue() {
        var scene = Scene.watched()
        scene.source = .present(Scene.database(documents: 1000, deleted: 400))
        scene.target = .present(Scene.database(documents: 1000, deleted: 400, identity: "1795000002"))
        #expect(scene.pass() == [])
    }

    @Test("A second one does not stand behind the first for a day")
    func second() throws {
        var scene = deleting(250)
        #expect(scene.pass() == ["mass-deletion"])
        scene.elapse(900)
        for (documents, deleted) in [(0, 1000), (0, 1000)] {
            scene.source = .present(Scene.database(documents: documents, deleted: deleted, sequence: 3000))
            scene.target = .present(
                Scene.database(documents: documents, deleted: deleted, sequence: 3000, identity: "1795000002"))
            let finding = try #require(scene.finding("mass-deletion"))
            #expect(finding.summary.contains("750 documents of 750 (100 %)"), "\(finding.summary)")
            _ = scene.pass()
            scene.elapse(60)
        }
    }

    @Test("All that is left of a first one can't be more, and is told all the same")
    func rest() throws {
        var scene = deleting(600)
        #expect(scene.pass() == ["mass-deletion"])
        scene.elapse(900)
        scene.source = .present(Scene.database(documents: 0, deleted: 1000, sequence: 3000))
        let finding = try #require(scene.finding("mass-deletion"))
        #expect(finding.summary.contains("400 documents of 400 (100 %)") && finding.since == scene.now)
    }

    @Test("It stays visible for a day and ends by itself")
    func shown() throws {
        var scene = deleting(500)
        let since = scene.now
        #expect(scene.pass() == ["mass-deletion"])
        scene.elapse(23 * 3600)
        #expect(scene.pass() == ["mass-deletion"])
        #expect(try #require(scene.finding("mass-deletion")).since == since)
        scene.elapse(3600)
        #expect(scene.pass() == [])
        scene.elapse(3600)
        #expect(scene.pass() == [])
    }

    /// Passes once, with so many documents deleted.
    private func pass(_ scene: inout Scene, deleted: Int, of all: Int = 1000) -> [String] {
        for (side, identity) in [(\Scene.source, "1795000001"), (\Scene.target, "1795000002")] {
            scene[keyPath: side] = .present(
                Scene.database(
                    documents: all - deleted, deleted: deleted, sequence: all + deleted, identity: identity))
        }
        return scene.pass()
    }

    @Test("One that takes longer than a pass is told too, and told again where as much goes once more")
    func slow() throws {
        var scene = Scene.watched()
        scene.elapse(60)
        #expect(pass(&scene, deleted: 100) == [])
        scene.elapse(60)
        #expect(pass(&scene, deleted: 200) == ["mass-deletion"])
        let first = try #require(scene.finding("mass-deletion"))
        #expect(first.summary == "200 documents of 1,000 (20 %) were deleted at the source within 3 min")
        scene.elapse(60)
        #expect(pass(&scene, deleted: 300) == ["mass-deletion"])
        #expect(scene.finding("mass-deletion")?.since == first.since, "it is told already")
        scene.elapse(60)
        #expect(pass(&scene, deleted: 400) == ["mass-deletion"])
        let second = try #require(scene.finding("mass-deletion"))
        #expect(second.summary.hasPrefix("200 documents of 800 (25 %)") && second.since == scene.now)
    }

    @Test("It is found whatever part of an hour it began in", arguments: [0, 10, 29, 31, 45, 59])
    func slowAtAnyTime(minutes: Int) {
        var scene = Scene.watched()
        for _ in 0..<minutes {
            scene.elapse(60)
            #expect(pass(&scene, deleted: 0) == [])
        }
        var told = 0
        for minute in 1...25 {
            scene.elapse(60)
            if pass(&scene, deleted: minute * 10) == ["mass-deletion"] { told += 1 }
        }
        #expect(told >= 5)
    }

    @Test("A steady trickle, growth, and another database are none")
    func healthy() {
        var scene = Scene.watched()
        for number in 1...60 {
            scene.elapse(900)
            #expect(pass(&scene, deleted: number * 10) == [])
        }
        scene = Scene.watched()
        scene.source = .present(Scene.database(documents: 9000))
        #expect(scene.found == [])
        scene.source = .present(Scene.database(documents: 10, deleted: 990, identity: "1795999999"))
        #expect(scene.found == ["source-replaced"])
    }

    @Test("What few copies show is told when the others are back, and what one of two shows once", arguments: [2, 3])
    func nodesAway(copies: Int) throws {
        var scene = Scene()
        func delete(_ count: Int) {
            scene.source = .present(
                Scene.database(documents: 1000 - count, deleted: count, sequence: 1000 + count, copies: copies))
        }
        delete(0)
        _ = scene.pass()
        scene.sourceNodes = Scene.nodes(copies, away: copies - 1)
        var first: Finding?
        for count in [300, 400, 500] {
            scene.elapse(60)
            delete(count)
            let told = scene.finding("mass-deletion")
            _ = scene.pass()
            #expect((told != nil) == (copies == 2))
            first = first ?? told
            #expect(told?.since == first?.since && told?.summary == first?.summary)
        }
        scene.sourceNodes = nil
        scene.elapse(60)
        _ = scene.pass()
        scene.elapse(60)
        let finding = try #require(scene.finding("mass-deletion"))
        #expect(finding.summary.contains("500 documents of 1,000 (50 %)") && finding.since == scene.now)
    }

    @Test("The first look has nothing to compare")
    func first() {
        var scene = Scene()
        scene.source = .present(Scene.database(documents: 0, deleted: 5000))
        #expect(scene.found == [])
    }
}
