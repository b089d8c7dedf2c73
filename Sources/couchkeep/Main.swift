import ArgumentParser
import CouchDB
import Foundation

/// The program: parses the command line, runs a command, and turns what it throws into a text and an exit code.
@main
enum Main {
    static func main() async {
        // A reader that went away is found when writing, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        OpenFiles.allowMost()
        var begun: (any ParsableCommand)?
        do {
            var command = try Couchkeep.parseAsRoot()
            begun = command
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            let failure = Failure(error)
            exit((begun as? any JSONCommand).map(failure.report) ?? failure.report())
        }
    }
}
