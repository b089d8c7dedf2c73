import Foundation

/// How many files this process may have open.
enum OpenFiles {
    /// Takes the most that the system grants: large attachments wait in files, and 1,024 is what a shell sets.
    static func allowMost() {
        guard var limits, limits.rlim_cur < limits.rlim_max else { return }
        limits.rlim_cur = limits.rlim_max
        // Where that is not granted, things are as they were.
        _ = setrlimit(kind, &limits)
    }

    /// How many may be open now; 1,024 where the system does not say.
    static var most: Int { limits.map { Int(clamping: $0.rlim_cur) } ?? 1024 }

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
