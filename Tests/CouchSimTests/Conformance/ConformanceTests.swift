import CouchDB
import CouchSim
import Foundation
import Secrets
import Testing

/// What servers answer, compared with what a real CouchDB 3.5.0 answered when the recordings were made.
@Suite(.timeLimit(.minutes(5)))
struct ConformanceTests {
    @Test(arguments: ConformanceScript.all)
    func simulatedServerAnswersAsRecorded(_ script: ConformanceScript) async throws {
        var options = ServerOptions()
        options.password = Secret("a password that is no other word")
        // As slow as a real one, so that a crashed job isn't started again before it was looked at.
        options.pace = 1
        try await withSimulatedServer(options) { server in
            let transcript = Transcript(Contestant(server))
            try await script.run(transcript)
            try await compare(transcript.steps, with: script)
        }
    }

    /// One server for all: a start takes a second or two. With `COUCHSIM_RECORD=1` this makes the recordings.
    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func realServerAnswersAsRecorded() async throws {
        try await withLocalCouchDB { server in
            for script in ConformanceScript.all {
                let transcript = Transcript(Contestant(server))
                try await script.run(transcript)
                if ProcessInfo.processInfo.environment["COUCHSIM_RECORD"] != nil {
                    try JSONValue.array(await transcript.steps).serialized(pretty: true).write(to: source(of: script))
                } else {
                    try await compare(transcript.steps, with: script)
                }
            }
        }
    }

    private func compare(_ steps: [JSONValue], with script: ConformanceScript) throws {
        let file = try #require(
            Bundle.module.url(forResource: script.name, withExtension: "json", subdirectory: "Recordings"),
            "no recording of \(script.name)")
        let recorded = try #require(try JSONValue(parsing: Data(contentsOf: file)).array)
        #expect(steps.count == recorded.count, "\(script.name) has another number of steps than its recording")
        for (step, expected) in zip(steps, recorded) where step != expected {
            let name = step["request"]?.string ?? step["note"]?.string ?? ""
            Issue.record(
                """
                \(script.name), \(name)
                answered: \(String(decoding: step.serialized(), as: UTF8.self))
                recorded: \(String(decoding: expected.serialized(), as: UTF8.self))
                """)
        }
    }

    private func source(of script: ConformanceScript) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Recordings/\(script.name).json")
    }
}
