import CouchDB
import Foundation

/// The server that runs replications accepts any certificate.
package enum TLSNotVerified: ServerRule {
    package static let name = "tls-not-verified"
    package static let explanation = RuleExplanation(
        title: "CouchDB's replicator accepts any TLS certificate",
        what:
            "[replicator] verify_ssl_certificates is false, which is CouchDB's default. An expired, foreign or forged "
            + "certificate is accepted without a word.",
        consequence: "Somebody in the network path can read the backup traffic with its passwords, or feed the backup.",
        evidence: "The setting as the server tells it, where the other side of a pair is reached by https.",
        repair:
            "None by Couchkeep. Set [replicator] verify_ssl_certificates = true, and ssl_trusted_certificates_file before 3.5.1.",
        severity: "notice", sources: ["default.ini, section replicator"])

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard let settings = situation.observation.replications?.settings.value,
            settings["verify_ssl_certificates"] != "true",
            let peer = situation.peerURLs.first(where: { $0.lowercased().hasPrefix("https://") && !isLoopback($0) })
        else { return nil }
        return finding(
            .notice, situation,
            "replications on \(situation.observation.name) accept any TLS certificate, also that of \(peer)",
            evidence: [
                "verify_ssl_certificates": .string(settings["verify_ssl_certificates"] ?? "not set"),
                "peer": .string(peer),
            ],
            next: "set [replicator] verify_ssl_certificates = true on \(situation.observation.name)")
    }

    private static func isLoopback(_ url: String) -> Bool {
        let host = URLComponents(string: url)?.host ?? ""
        return host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "[::1]"
    }
}
