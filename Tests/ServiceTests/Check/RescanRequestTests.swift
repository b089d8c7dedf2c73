import Foundation
import Supervision
import Testing

@testable import Service

/// Which pairs can be read again from the beginning.
@Suite struct RescanRequestTests {
    @Test func namesAreQuoted() {
        var pairs = [PairReport.sample("a$(id)"), .sample("b$(id)")]
        pairs[0].mode = .watch
        pairs[1].target = "vault:b$(id)"
        let report = Report(at: Date(timeIntervalSince1970: 0), pairs: pairs, servers: [], unprotected: [])
        #expect(RescanRequest(["a$(id)"]).objection(report)?.contains("couchkeep repair 'a$(id)' copies") == true)
        #expect(RescanRequest(["b$(id)"]).objection(report)?.hasSuffix("couchkeep repair 'vault:b$(id)'") == true)
    }

    private var report: Report {
        var watched = PairReport.sample("watched")
        watched.mode = .watch
        var vaulted = PairReport.sample("vaulted")
        vaulted.target = "vault:vaulted"
        return Report(
            at: Date(timeIntervalSince1970: 0), pairs: [.sample("orders"), watched, vaulted], servers: [],
            unprotected: [])
    }

    @Test(
        arguments: [
            ([], nil), (["orders"], nil), (["nothing", "orders"], "no pair nothing"),
            (["orders", "watched"], "mode watch"),
            (["vaulted"], "in the vault"),
        ] as [(Set<String>, String?)])
    func onlyWhatCouchkeepManages(names: Set<String>, why: String?) {
        let objection = RescanRequest(names).objection(report)
        #expect(objection == nil ? why == nil : objection?.contains(why ?? "?") == true, "\(objection ?? "")")
    }
}
