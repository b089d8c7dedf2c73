import CouchDB
import Foundation
import Supervision
import Testing

@testable import Service

/// Exit codes are a contract with scripts.
@Suite struct ExitCodeTests {
    private let moment = Date(timeIntervalSince1970: 1_800_000_000)

    private func finding(_ rule: String, _ severity: Finding.Severity = .critical, cause: String? = nil) -> Finding {
        Finding(rule: rule, severity: severity, since: moment, summary: rule, next: "", cause: cause)
    }

    private func report(
        pairs: [[Finding]] = [[]], light: Light.State = .ok, production: [Finding] = [], standby: [Finding] = []
    ) -> Report {
        Report(
            at: moment, pairs: pairs.enumerated().map { .sample("pair\($0)", light: light, findings: $1) },
            servers: [.sample("production", findings: production), .sample("standby", findings: standby)],
            unprotected: [])
    }

    private func code(_ report: Report) -> ExitCode { ExitCode(report, sources: ["production"]) }

    @Test func goodAndNotices() {
        #expect(code(report()) == .ok)
        #expect(code(report(pairs: [[finding(ReplicationBehind.name, .notice)]])) == .ok)
        #expect(code(report(production: [finding(DatabaseUnprotected.name, .notice)])) == .ok)
        #expect(code(report(light: .off)) == .ok)
    }

    @Test func problems() {
        #expect(code(report(pairs: [[], [finding(SecurityDiffers.name, .warning)]])) == .problem)
        #expect(code(report(production: [finding(PatternUnmatched.name, .warning)])) == .problem)
        #expect(code(report(pairs: [[finding(WritesRefused.name)]], light: .problem)) == .problem)
    }

    @Test func unknown() {
        #expect(code(report(light: .unknown)) == .unknown)
        #expect(code(report(pairs: [[finding(Blind.name, .warning)]], light: .unknown)) == .unknown)
    }

    @Test func serversThatCannotBeReached() {
        let down = finding(ServerUnreachable.name)
        let blind = finding(Blind.name, .warning, cause: "server-unreachable @ x")
        #expect(code(report(pairs: [[blind]], light: .unknown, production: [down])) == .sourceUnreachable)
        #expect(code(report(pairs: [[blind]], light: .unknown, standby: [down])) == .targetUnreachable)
        #expect(code(report(pairs: [[blind]], production: [down], standby: [down])) == .sourceUnreachable)
        // Explained by the outage: it is not a problem of its own.
        let explained = finding(ReplicationCrashing.name, cause: "server-unreachable @ production")
        #expect(code(report(pairs: [[explained]], light: .problem, production: [down])) == .sourceUnreachable)
        // Something else is wrong too.
        #expect(code(report(pairs: [[finding(WritesRefused.name)]], standby: [down])) == .problem)
    }

    @Test("A light alone that says problem blames no server")
    func aProblemWithoutAFinding() {
        #expect(code(report(light: .problem)) == .problem)
        #expect(code(report(pairs: [[finding(BackupDiffers.name, .notice)]], light: .problem)) == .problem)
    }

    @Test func rejectedLogins() {
        let rejected = finding(CredentialsRejected.name)
        #expect(code(report(standby: [rejected])) == .authentication)
        #expect(code(report(production: [finding(SecretUnavailable.name)], standby: [rejected])) == .authentication)
        #expect(code(report(production: [rejected], standby: [finding(ServerUnreachable.name)])) == .problem)
        #expect(code(report(standby: [rejected, finding(DatabaseUnprotected.name, .notice)])) == .authentication)
    }

    @Test(arguments: [
        (StateError.Code.locked, ExitCode.locked), (.damaged, .damaged), (.full, .incomplete), (.newer, .usage),
        (.unwritable, .usage), (.unreadable, .usage),
    ])
    func memory(code: StateError.Code, expected: ExitCode) {
        #expect(ExitCode(StateError(code, path: "/x", detail: "y")) == expected)
    }

    /// `docs/exit-codes.md` lists exactly the codes that there are.
    @Test func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/exit-codes.md"), encoding: .utf8)
        let table = try #require(text.components(separatedBy: "## By command").first)
        let listed = table.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| (\d+) \|/).flatMap { Int32($0.output.1) }
        }
        #expect(listed == ExitCode.allCases.map(\.rawValue).sorted())
    }
}
