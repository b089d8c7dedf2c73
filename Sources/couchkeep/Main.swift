import ArgumentParser
import Foundation

/// The program: parses the command line, runs a command, and turns what it throws into a text and an exit code.
@main
enum Main {
    static func main() async {
        // A reader that went away is found when writing, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        allowManyFiles()
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

    /// Takes the most open files that the system grants: large attachments wait in files, and 1,024 is what a shell sets.
    private static func allowManyFiles() {
        var limit = rlimit()
        guard getrlimit(fileLimit, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // Where that is not granted, things are as they were.
        _ = setrlimit(fileLimit, &limit)
    }

    #if canImport(Glibc)
    private static var fileLimit: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
    private static var fileLimit: Int32 { RLIMIT_NOFILE }
    #endif
}
