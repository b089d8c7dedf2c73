import CouchDB
import Foundation
import Supervision

/// Asks the servers of a configuration whether they are there, and which pairs it makes; changes nothing.
package struct ConfigurationSurvey: Sendable {
    /// What was learned.
    package struct Result: Sendable {
        package var text: String
        package var exitCode: ExitCode
    }

    private let loaded: LoadedConfiguration

    package init(_ loaded: LoadedConfiguration) { self.loaded = loaded }

    /// Runs a pass that writes nothing, and shows servers and pairs.
    ///
    /// - Throws: `ConfigurationError` where patterns or targets collide, or source and target are one database.
    package func run() async throws -> Result {
        var check = CheckRun(loaded)
        check.verifies = false
        var report = try await check.run(PassOptions(isDryRun: true)).report
        // It may be none that a check looks at.
        if let name = loaded.configuration.drill?.server, !report.servers.contains(where: { $0.name == name }) {
            let fleet = try await Fleet(loaded, opening: [name])
            let asked = try await fleet.closing {
                var asked: [ServerReport] = []
                for server in fleet.servers { asked.append(try await Self.ask(server, at: report.at)) }
                return asked
            }
            report.servers += asked
        }
        let wrong =
            report.pairs.flatMap { pair in
                pair.findings.filter { $0.rule == SourceIsTarget.name }.map {
                    (ConfigurationIssue.Code.sourceIsTarget, pair.pair, $0)
                }
            }
            + report.servers.flatMap { server in
                server.findings.filter { $0.rule == PairsConflict.name }.map { (.targetCollision, server.name, $0) }
            }
        guard wrong.isEmpty else {
            throw ConfigurationError(
                wrong.map { code, subject, finding in
                    ConfigurationIssue(
                        code, file: loaded.file, position: nil, message: "\(subject): \(finding.summary)",
                        nextStep: finding.next)
                })
        }
        let bad = report.servers.flatMap(\.findings).contains { $0.severity != .notice }
        let verdict = bad ? "it reads well, but its servers have problems" : "good"
        var lines = ["\(loaded.file): \(verdict)"]
        for server in report.servers {
            lines.append("  \(server.name)  \(server.url)  \(Self.state(of: server))")
            lines += server.findings.map { "    \($0.severity.rawValue): \($0.summary)" }
        }
        lines.append("  \(Wording.counted(report.pairs.count, "pair"))")
        lines += report.pairs.prefix(50).map { "    \($0.pair)  \($0.source) -> \($0.target)" }
        if report.pairs.count > 50 { lines.append("    and \(report.pairs.count - 50) more") }
        let sources = Set(loaded.configuration.pairs.map(\.source))
        var serversAlone = report
        for index in serversAlone.pairs.indices { serversAlone.pairs[index].findings = [] }
        serversAlone.verdict = bad ? .problem : .ok
        return Result(text: lines.joined(separator: "\n") + "\n", exitCode: ExitCode(serversAlone, sources: sources))
    }

    private static func state(of server: ServerReport) -> String {
        let version = server.version.map { "CouchDB \($0)" }
        // Who refuses a login is there.
        if server.findings.contains(where: { $0.rule == CredentialsRejected.name }) {
            return [version, "refuses the login"].compactMap(\.self).joined(separator: ", ")
        }
        return server.reachable ? version ?? "unknown" : "can't be reached"
    }

    /// Asks a server whether it is there and lets the user in.
    private static func ask(_ server: SupervisedServer, at moment: Date) async throws -> ServerReport {
        var report = ServerReport(
            name: server.name, url: server.connection.url.description, reachable: false, version: nil, findings: [])
        do {
            report.version = try await server.connection.info().version.description
            report.reachable = true
            _ = try await server.connection.session()
        } catch let error as CouchError {
            let rule = error.isRejection ? CredentialsRejected.name : ServerUnreachable.name
            report.findings = [
                Finding(
                    rule: rule, severity: .critical, since: moment,
                    summary: "\(server.name), where drills are to be made, can't be used: \(error.message)",
                    next: "couchkeep explain \(rule)")
            ]
        }
        return report
    }
}
