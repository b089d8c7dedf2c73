import Alerting
import Foundation
import Testing

/// Real processes.
@Suite struct CommandChannelTests {
    private func channel(_ script: String, timeout: Duration = .seconds(30)) throws -> CommandChannel {
        try CommandChannel(CommandSettings(words: ["sh", "-c", script], timeout: timeout))
    }

    @Test func getsTheJSONAndTheNames() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "out").path
            let words = [
                "sh", "-c",
                "cat > \"$1\"; echo \"$COUCHKEEP_STATUS|$COUCHKEEP_MESSAGE_ID|$COUCHKEEP_SUBJECT\" > \"$1.names\"",
                "sh", file,
            ]
            try await CommandChannel(CommandSettings(name: "pager", words: words)).deliver(
                .sample(id: "m1", subject: "[couchkeep] $(date) `id` Größe"))
            let json = try Data(contentsOf: URL(filePath: file))
            let body = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
            #expect(body["version"] as? String == "4")
            #expect(body["receiver"] as? String == "pager")
            let names = try String(contentsOfFile: file + ".names", encoding: .utf8)
            #expect(names == "firing|m1|[couchkeep] $(date) `id` Größe\n")
        }
    }

    @Test func argumentsAreNotForAShell() async throws {
        try await withTemporaryFolder { folder in
            let trap = folder.appending(path: "trap").path
            try await CommandChannel(CommandSettings(words: ["true", "; touch \(trap)", "$(touch \(trap))"])).deliver(
                .sample())
            #expect(!FileManager.default.fileExists(atPath: trap))
        }
    }

    @Test func doesNotGetOtherVariables() async throws {
        setenv("COUCHKEEP_TEST_PASSWORD", "in-the-environment", 1)
        try await channel("cat > /dev/null; test -z \"$COUCHKEEP_TEST_PASSWORD\" && test -n \"$PATH\"").deliver(
            .sample())
    }

    @Test func aProgramThatDoesNotReadIsFine() async throws {
        var message = Message.sample()
        message.transitions = (0..<500).map { Transition(.new, .sample("p\($0)"), lastSeen: morning) }
        try await CommandChannel(CommandSettings(words: ["true"])).deliver(message)
    }

    @Test(arguments: [1, 3, 255])
    func anyOtherExitCodeIsAFailure(code: Int) async throws {
        let channel = try channel("cat > /dev/null; echo 'no route to pager' >&2; exit \(code)")
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .commandFailed)
        #expect(error?.message == "sh ended with exit code \(code): no route to pager")
    }

    @Test func aSignalIsAFailure() async throws {
        let channel = try channel("kill -9 $$")
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .commandFailed)
        #expect(error?.message.contains("signal") == true)
    }

    @Test func anEndlessComplaintIsCut() async throws {
        let channel = try channel("head -c 20000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1")
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .commandFailed)
        #expect(try #require(error).message.count < 400)
    }

    @Test func anEndlessOutputIsDropped() async throws {
        try await channel("cat > /dev/null; head -c 20000000 /dev/zero").deliver(.sample())
    }

    @Test func aProgramThatDoesNotEndIsEnded() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "pid").path
            let words = ["sh", "-c", "trap '' TERM; echo $$ > \"$1\"; while :; do sleep 1; done", "sh", file]
            let channel = try CommandChannel(CommandSettings(words: words, timeout: .milliseconds(500)))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .timeout)
            let text = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(kill(try #require(pid_t(text)), 0) == -1)
        }
    }

    @Test func whatItLeavesBehindDoesNotHoldIt() async throws {
        // The child keeps standard error open after its parent has ended.
        try await channel("cat > /dev/null; sleep 60 & exit 0", timeout: .seconds(20)).deliver(.sample())
    }

    @Test(arguments: ["/nonexistent/pager", "no-such-pager-anywhere"])
    func aMissingProgramIsSaid(program: String) async throws {
        let channel = try CommandChannel(CommandSettings(words: [program, "--token=s3cr3t"]))
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .commandNotFound)
        #expect(!String(describing: error).contains("s3cr3t"))
    }

    @Test(arguments: [[], [""]])
    func anEmptyCommandIsRefused(words: [String]) {
        let error = #expect(throws: DeliveryError.self) { try CommandChannel(CommandSettings(words: words)) }
        #expect(error?.code == .invalidSettings)
    }

    @Test func cancellingEndsIt() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "fifo").path
            #expect(mkfifo(file, 0o600) == 0)
            let words = ["sh", "-c", "echo started > \"$1\"; while :; do sleep 1; done", "sh", file]
            let channel = try CommandChannel(CommandSettings(words: words))
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await channel.deliver(.sample()) }
                // Reading the pipe ends when the program has written into it, so it runs by then.
                await withCheckedContinuation { continuation in
                    Thread.detachNewThread {
                        _ = FileManager.default.contents(atPath: file)
                        continuation.resume()
                    }
                }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }
}
