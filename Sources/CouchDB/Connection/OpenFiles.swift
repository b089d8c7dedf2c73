import Foundation

/// How many files, connections among them, this process may have open.
package enum OpenFiles {
    /// Takes the most that the system grants: large attachments wait in files, and 1,024 is what a shell sets.
    package static func allowMost() {
        guard var limits, limits.rlim_cur < limits.rlim_max else { return }
        limits.rlim_cur = limits.rlim_max
        // Where that is not granted, things are as they were.
        _ = setrlimit(kind, &limits)
    }

    /// How many may be open now; 1,024 where the system does not say.
    package static var most: Int { limits.map { Int(clamping: $0.rlim_cur) } ?? usual }

    /// What to do about that.
    package static var next: String {
        let wanted = most < usual ? "\(usual) files, and not only \(most)," : "more files than \(most)"
        return "let couchkeep open \(wanted) at a time (ulimit -n, or LimitNOFILE of systemd)"
    }

    /// Whether the number of a call that failed says that too many are open, in this process or on this machine.
    package static func areTooMany(_ number: Int32) -> Bool { number == EMFILE || number == ENFILE }

    /// Whether hardly one more can be opened, which explains why SQLite could not open one of its own.
    ///
    /// SQLite tells the number of its failed call through a connection alone, and where that could not be opened there is none.
    /// What it had opened for it is closed again, so as many are tried as it takes.
    package static var areUsedUp: Bool {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < filesOfConnection {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return areTooMany(errno) }
            opened.append(descriptor)
        }
        return false
    }

    /// A database, its log, what its readers share, its folder, a temporary file; and some for what opens files beside it.
    private static let filesOfConnection = 8
    /// What a shell sets as a rule; enough for all but a `serve` of very many backups.
    private static let usual = 1024

    private static var limits: rlimit? {
        var limits = rlimit()
        return getrlimit(kind, &limits) == 0 ? limits : nil
    }

    #if canImport(Glibc)
    private static var kind: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
    private static var kind: Int32 { RLIMIT_NOFILE }
    #endif
}
