import Foundation

@testable import Supervision

extension PairReport {
    static func sample(
        _ name: String, light: Light.State = .ok, findings: [Finding] = [], repairs: [RepairRecord] = [],
        lag: Lag = Lag(changes: 0, seconds: 0), since: Date? = nil
    ) -> PairReport {
        let off = Light(state: .off, since: nil, summary: "not asked for")
        let unverified = Light(state: .off, since: nil, summary: "no verification is configured")
        return PairReport(
            pair: name, source: "http://a:5984/\(name)", target: "http://b:5984/\(name)", mode: .manage,
            lights: Lights(
                replicating: Light(state: light, since: since, summary: "caught up"), verified: unverified,
                restorable: off),
            lag: lag, findings: findings, repairs: repairs)
    }
}

extension ServerReport {
    static func sample(_ name: String, reachable: Bool = true, findings: [Finding] = []) -> ServerReport {
        ServerReport(
            name: name, url: "http://\(name):5984", reachable: reachable, version: "3.5.0", findings: findings)
    }
}
