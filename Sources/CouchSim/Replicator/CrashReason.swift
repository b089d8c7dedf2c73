/// Why a replication stopped, in CouchDB's words: Erlang terms printed as CouchDB prints them, or plain sentences.
struct CrashReason: Error, Sendable, Hashable {
    let text: String
    /// The two words of the answer to a one-shot `POST /_replicate`.
    var error: String { String(text.prefix { $0 != ":" && $0 != "," }.drop { $0 == "{" }) }
    var reason: String { text.firstRange(of: ": ").map { String(text[$0.upperBound...]) } ?? text }

    init(_ text: String) { self.text = text }

    static func databaseMissing(_ url: String) -> CrashReason { CrashReason("db_not_found: could not open \(url)") }

    static func unauthorized(_ url: String) -> CrashReason {
        CrashReason("unauthorized: unauthorized to access or create database \(url)")
    }

    static func forbidden(_ url: String) -> CrashReason { CrashReason("forbidden: \(url)") }

    /// The login at the start of a run failed.
    static func session(_ url: String, user: String, _ failure: SessionFailure) -> CrashReason {
        switch failure {
        case .unauthorized:
            return CrashReason("{replication_auth_error,\n    {session_request_unauthorized,\"\(url)\",\"\(user)\"}}")
        case .connection(let word):
            return CrashReason(
                "{replication_auth_error,\n    {session_request_failed,\"\(url)\",\"\(user)\",\n"
                    + "        {conn_failed,{error,\(word)}}}}")
        case .status(let code):
            return CrashReason(
                "{replication_auth_error,\n    {session_request_failed,\"\(url)\",\"\(user)\",\(code)}}")
        }
    }

    enum SessionFailure: Sendable {
        case unauthorized
        case connection(String)
        case status(Int)
    }

    static func request(_ method: String, _ url: String, _ error: String) -> CrashReason {
        CrashReason("{http_request_failed,\"\(method)\",\"\(url)\",\n                     {error,\(error)}}")
    }

    static func changes(_ reason: CrashReason) -> CrashReason {
        CrashReason("{changes_reader_died,\n    \(reason.text)}")
    }

    static func worker(_ what: String) -> CrashReason {
        CrashReason("{worker_died,<0.301.0>,{process_died,<0.302.0>,\(what)}}")
    }

    static func checkpoint(_ what: String) -> CrashReason {
        CrashReason("{checkpoint_commit_failure,<<\"\(what)\">>}")
    }

    static let targetChanged = checkpoint("instance_start_time on target database has changed since last checkpoint.")
    static let sourceChanged = checkpoint("instance_start_time on source database has changed since last checkpoint.")
}
