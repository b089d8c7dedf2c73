import ArgumentParser
import Demo
import Foundation
import Service

/// `couchkeep demo`: the program at work, on servers of its own.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show what Couchkeep does, on two CouchDB servers that are made for it.",
        discussion: """
            Two simulated servers in this process, or with --real two private CouchDB servers on this machine, go \
            through five accidents and a disaster: what CouchDB reports, what Couchkeep reports and repairs, which mail \
            it sends. At the end the backups are verified, and restored for a trial. Touches nothing else, and removes \
            what it made.

            Exit code 1 where something does not come out as it is told, 2 where --real finds no CouchDB.
            """)

    @Flag(help: "Use two private CouchDB servers, from /opt/couchdb or $COUCHDB_BIN.")
    var real = false
    @Flag(help: "Keep the folder with the configuration and the state, and say where it is.")
    var keep = false

    func run() async throws {
        let style = TextStyle.of(STDOUT_FILENO, environment: ProcessInfo.processInfo.environment)
        let demo = DemoRun(real ? .real : .simulated, keepsFolder: keep, style: style) { Console.raw($0) }
        do {
            try await untilInterrupted { try await demo.run() }
        } catch let failure as DemoFailure {
            Console.error("couchkeep: \(failure)")
            throw CommandEnd(code: Self.code(of: failure))
        }
    }

    private static func code(of failure: DemoFailure) -> Service.ExitCode {
        switch failure.kind {
        case .notInstalled: .usage
        case .unexpected: .problem
        case .interrupted: .incomplete
        }
    }
}
