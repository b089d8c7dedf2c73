import CouchDB
import Foundation

/// What Couchkeep remembers of a server between passes.
package struct ServerMemory: Sendable, Hashable, Codable {
    /// Which server it is.
    package var uuid: String?
    /// The version last seen.
    package var version: String?
    /// When it last answered.
    package var lastReachable: Date?
    /// When it last called the login wrong, without a lock; nil once it has accepted one.
    package var secretRejected: Date?
    /// The nodes of its cluster, as it told last.
    package var membership: Membership?
    /// Since when each rule's finding has been there.
    package var findingsSince: [String: Date] = [:]

    package init() {}

    /// Takes in what a pass saw and found.
    package mutating func advance(after observation: ServerObservation, at moment: Date, findings: [Finding]) {
        findingsSince = Dictionary(findings.map { ($0.rule, $0.since) }) { first, _ in first }
        membership = observation.nodes(after: self)
        if observation.login.value != nil {
            secretRejected = nil
        } else if CredentialsRejected.refusal(observation)?.code == .unauthorized {
            secretRejected = moment
        }
        guard let info = observation.info.value else { return }
        lastReachable = moment
        version = info.version.description
        if !findings.contains(where: { $0.rule == ServerReplaced.name }) { uuid = info.uuid ?? uuid }
    }
}
