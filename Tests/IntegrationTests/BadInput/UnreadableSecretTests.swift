import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// A secret that can't be read makes its own server unknown, and no other.
@Suite(.timeLimit(.minutes(5)))
struct UnreadableSecretTests {
    /// Where the secret should be, and what is said of it.
    enum Place: String, CaseIterable {
        case missing, folder, exposed
    }

    @Test(arguments: Place.allCases)
    func theOtherServersAreCheckedAllTheSame(place: Place) async throws {
        try await withSimulatedServers { production, archive in
            try await withSimulatedServers { standby, _ in
                try await withKeeper { keeper in
                    production.makeDatabases("orders")
                    archive.makeDatabases("papers")
                    let secret = try lay(place, in: keeper)
                    let password = try keeper.write("secret", to: "good")
                    try keeper.configure(
                        """
                        servers:
                          production: { url: "\(production.baseURL)", user: admin, password_file: "\(secret)" }
                          archive: { url: "\(archive.baseURL)", user: admin, password_file: "\(password)" }
                          standby: { url: "\(standby.baseURL)", user: admin, password_file: "\(password)" }
                        pairs:
                          - { source: production, target: standby, databases: [orders] }
                          - { source: archive, target: standby, databases: [papers] }

                        """)
                    let checked = try await keeper.check()
                    #expect(checked.exitCode == 12, "\(checked.report)")
                    #expect(checked.alarms == ["blind @ orders", "secret-unavailable @ production"])
                    let found = try #require(checked.report.servers.first { $0.name == "production" }?.findings.first)
                    #expect(found.summary.contains(secret) && found.next.contains(secret))
                    let pairs = checked.report.pairs
                    #expect(pairs.map(\.pair) == ["orders", "papers"])
                    #expect(pairs[0].lights.replicating.state == .unknown)
                    #expect(pairs[0].findings.map(\.cause) == ["secret-unavailable @ production"])
                    #expect(pairs[0].repairs.isEmpty)
                    #expect(pairs[1].repairs.map(\.action) == ["create-target", "create-replication"])
                    // People are told, and the configuration is called wrong where that was asked.
                    let list = try await keeper.run("alert", "list")
                    #expect(list.output.contains(secret), "\(list)")
                    for command in [["config", "check"], ["config", "check", "--offline"]] {
                        let run = try await Program.run(command + ["--config", keeper.file])
                        #expect(run.exitCode == 2 && run.errors.contains(secret), "\(run)")
                    }
                    // With the secret in its place all goes on.
                    if place != .missing { try FileManager.default.removeItem(atPath: secret) }
                    _ = try keeper.write("secret", to: place.rawValue)
                    let mended = try await keeper.check()
                    #expect(mended.report.pairs[0].repairs.map(\.action) == ["create-target", "create-replication"])
                }
            }
        }
    }

    @Test(arguments: ["missing", "no certificate"]) func unusableCertificatesMakeTheirServerUnknown(
        file: String
    ) async throws {
        try await withSimulatedServers { archive, standby in
            try await withKeeper { keeper in
                archive.makeDatabases("papers")
                let password = try keeper.write("secret", to: "good")
                if file != "missing" { _ = try keeper.write("hello", to: "ca.pem") }
                try keeper.configure(
                    """
                    servers:
                      production: { url: "https://127.0.0.1:9", ca_file: ca.pem, user: admin, password_file: "\(password)" }
                      archive: { url: "\(archive.baseURL)", user: admin, password_file: "\(password)" }
                      standby: { url: "\(standby.baseURL)", user: admin, password_file: "\(password)" }
                    pairs:
                      - { source: production, target: standby, databases: [orders] }
                      - { source: archive, target: standby, databases: [papers] }

                    """)
                let checked = try await keeper.check()
                #expect(checked.exitCode == 12, "\(checked.report)")
                let found = try #require(checked.report.servers.first { $0.name == "production" }?.findings.first)
                #expect(found.rule == "secret-unavailable" && found.summary.contains("ca.pem"), "\(found)")
                #expect(found.evidence["code"] == "ca-file-unusable")
                let pairs = checked.report.pairs
                #expect(pairs[0].lights.replicating.state == .unknown && pairs[0].repairs.isEmpty)
                #expect(pairs[1].repairs.map(\.action) == ["create-target", "create-replication"])
                let offline = try await Program.run(["config", "check", "--offline", "--config", keeper.file])
                #expect(offline.exitCode == 2 && offline.errors.contains("ca.pem"), "\(offline)")
            }
        }
    }

    private func lay(_ place: Place, in keeper: Keeper) throws -> String {
        let path = keeper.folder.appending(path: place.rawValue).path(percentEncoded: false)
        switch place {
        case .missing: return path
        case .folder:
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            return path
        case .exposed: return try keeper.write("secret", to: place.rawValue, mode: 0o644)
        }
    }
}
