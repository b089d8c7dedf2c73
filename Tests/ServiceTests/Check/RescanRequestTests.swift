import Foundation
import Supervision
import Testing

@testable import Service

/// Which pairs can be read again from the beginning.
@Suite struct RescanRequestTests {
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
