import Subprocess

/// One operating system process of a real CouchDB server, from its start to its end.
struct CouchProcess {
    /// What can be done to a running process: the name of the signal to send.
    enum Order: String, Sendable {
        case terminate = "TERM"
        case kill = "KILL"
    }

    /// The path of the `couchdb` start script.
    let executable: String
    /// What `COUCHDB_ARGS_FILE`, `COUCHDB_INI_FILES` and the like say.
    let environment: [String: String]
    /// Where the process's output goes.
    let outputFile: String

    /// The server runs under a shell that forwards signals by name, and kills it as soon as this process's end of the
    /// pipe closes: no server is left behind, even when the tests themselves are killed.
    private static let script = """
        exec 3<&0
        "$0" >"$1" 2>&1 </dev/null 3<&- &
        couch=$!
        ( while read -r signal; do kill -"$signal" "$couch"; done <&3; kill -KILL "$couch" ) 2>/dev/null &
        reader=$!
        trap '' TERM
        wait "$couch"
        kill "$reader" 2>/dev/null
        """

    /// Runs the process until it has ended, of itself, by an order, or because this task was cancelled.
    func run(orders: AsyncStream<Order>) async throws {
        var options = PlatformOptions()
        // Closing the pipe already makes the shell kill the server; this is the time it has for that.
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let overrides = environment.map { (Environment.Key(stringLiteral: $0.key), String?.some($0.value)) }
        _ = try await Subprocess.run(
            .name("sh"), arguments: ["-c", Self.script, executable, outputFile],
            environment: .inherit.updating(Dictionary(overrides) { _, last in last }), platformOptions: options,
            input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            let writer = execution.standardInputWriter
            let output = execution.standardOutput
            try await withThrowingTaskGroup { group in
                group.addTask {
                    for await order in orders { _ = try await writer.write("\(order.rawValue)\n") }
                    // The stream ends only by cancellation: then the process has ended, or must.
                    try Task.checkCancellation()
                }
                group.addTask {
                    // The shell writes nothing; its output ends when all of it has ended.
                    for try await _ in output {}
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}
