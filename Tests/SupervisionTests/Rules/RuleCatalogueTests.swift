import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct RuleCatalogueTests {
    @Test("Names are unique, and every rule explains itself")
    func explained() throws {
        let rules = RuleCatalogue.all
        #expect(Set(rules.map { $0.name }).count == rules.count)
        for rule in rules {
            let text = rule.explanation
            for part in [text.title, text.what, text.consequence, text.evidence, text.repair, text.severity] {
                #expect(!part.isEmpty, "\(rule.name)")
            }
            #expect(RuleCatalogue.rule(named: rule.name) == rule)
        }
        #expect(RuleCatalogue.rule(named: "no-such-rule") == nil)
        #expect(RuleCatalogue.latched.isSubset(of: rules.map { $0.name }))
    }

    @Test("A pair that is well gives no finding, however often it is looked at")
    func healthy() {
        var scene = Scene()
        for _ in 0..<100 {
            scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
            #expect(scene.pass() == [])
            scene.elapse(3600)
        }
    }
}
