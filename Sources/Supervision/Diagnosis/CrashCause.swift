/// Why a replication job crashed, read from CouchDB's Erlang-flavoured reason text.
///
/// The words are those of `couch_replicator_scheduler_job.erl`, `couch_replicator_api_wrap.erl`,
/// `couch_replicator_auth_session.erl` and `couch_replicator_httpc.erl`, and of answers recorded from 3.5.0.
package enum CrashCause: String, Sendable, Hashable, CaseIterable {
    case credentialsRejected = "credentials-rejected"
    case loginCutOff = "login-cut-off"
    case accountLocked = "account-locked"
    case notPermitted = "not-permitted"
    case databaseMissing = "database-missing"
    /// No reason says this: a database that the job does not find is there where Couchkeep looks.
    case addressWrong = "wrong-address"
    case notCouchDB = "not-couchdb"
    case nameNotResolved = "name-not-resolved"
    case tls
    case unreachable
    case filterMissing = "filter-missing"
    case duplicate
    case poisonDocument = "poison-document"
    case documentIDRefused = "document-id-refused"
    case checkpointRefused = "checkpoint-refused"
    case checkpointShared = "checkpoint-shared"
    case databaseReplaced = "database-replaced"
    case rateLimited = "rate-limited"
    case diskFull = "disk-full"
    case timedOut = "timed-out"
    case other

    /// Reads a reason. The order matters: a time-out while logging in is a time-out, not a rejection.
    package init(reason: String) {
        // A server or database may be named like an error.
        let text = reason.lowercased().replacing(#/https?:\/\/[^\s"'`,}>]*/#, with: "")
            // Terms are broken into lines.
            .replacing(#/([,{])\s*\n\s*/#) { String($0.output.1) }
        let named = Self.named(in: text)
        // The connection is closed where a server before 3.0 wants a valid user for /_session too.
        let isLogin = named == .timedOut && text.contains("session_request_failed") && text.contains("sel_conn_closed")
        self = Self.isGatewayRefusal(text) ? .notCouchDB : isLogin ? .loginCutOff : named
    }

    /// The cause whose words stand first in the list.
    private static func named(in text: String) -> CrashCause {
        func first(in text: String) -> CrashCause? {
            words.first { entry in entry.words.contains { text.contains($0) } }?.cause
        }
        // Before a checkpoint the databases are told to commit, and what they answer to that stands behind.
        guard let commit = text.firstRange(of: #/failure on (?:source|target) commit:/#) else {
            return first(in: text) ?? .other
        }
        return first(in: String(text[commit.upperBound...])) ?? .checkpointRefused
    }

    /// Whether a refusal has not the two words that each of CouchDB's has: then a gateway's own JSON was the answer, or
    /// nothing.
    private static func isGatewayRefusal(_ text: String) -> Bool {
        if text.contains(#/doc_write_failed,\{(?:4\d\d,|<<"[^"]*">>,undefined\})/#) { return true }
        guard let body = text.firstMatch(of: #/(?:bulk_docs|revs_diff)_failed,4\d\d,(null|\{\[)/#)?.output.1
        else { return false }
        return body == "null" || !text.contains("{<<\"reason\">>,")
    }

    private static let words: [(cause: CrashCause, words: [String])] = [
        // What a gateway says whose server is away for a while.
        (.timedOut, ["session_unexpected_result,\"5", "session_unexpected_result,\"408"]),
        (.rateLimited, ["session_unexpected_result,\"429"]),
        (
            // A page is no JSON; in 1.x it is in the reason, whatever its words. CouchDB answers a login with a cookie,
            // or rejects it.
            .notCouchDB,
            [
                "{invalid_json,", "{parse_error,bad_token", "session_unexpected_result", "cookie_not_found",
                "cookie_format_invalid",
            ]
        ),
        (
            .duplicate,
            [
                "already started, triggered by", "already running as a transient replication", "duplicate_job",
                "duplicate replication",
            ]
        ),
        (
            .filterMissing,
            ["couldn't open document `_design", "filter_fetch_error", "missing json key", "could not get filter"]
        ),
        (.nameNotResolved, ["nxdomain", "could not resolve"]),
        (.tls, ["tls_alert", "unknown_ca", "certificate", "handshake"]),
        (.databaseReplaced, ["instance_start_time", "out of sync"]),
        (.accountLocked, ["temporarily locked"]),
        (.checkpointShared, ["checkpoint document: conflict"]),
        (
            // A checkpoint that may not be written is thrown out of a callback (update_doc of couch_replicator_api_wrap.erl).
            .checkpointRefused,
            ["checkpoint_commit_failure", "checkpoint document", "bad_return_value,{forbidden"]
        ),
        (
            .credentialsRejected,
            [
                "unauthorized", "session_request_unauthorized", "replication_auth_error,{session_requires", "{401,",
                "changes_req_failed,401",
            ]
        ),
        (.notPermitted, ["forbidden", "{403,", "changes_req_failed,403"]),
        (.diskFull, ["enospc", "insufficient_storage", "no space"]),
        (.unreachable, ["econnrefused", "conn_failed", "ehostunreach", "enetunreach", "nodedown"]),
        (.databaseMissing, ["db_not_found", "could not open", "database does not exist"]),
        (.rateLimited, ["max_backoff", "too_many_requests"]),
        (.documentIDRefused, ["illegal_docid"]),
        (
            // What a request is refused for is in it; the time-outs below are of servers that fail.
            .poisonDocument,
            [
                "revs_diff_failed,4", "missing_doc", "bulk_docs_failed", "doc_write_failed", "open_doc_revs_failed",
                "bulk_get_failed",
                "request_uri_too_long", "kaboom",
            ]
        ),
        // Why a feed is refused, it does not say.
        (.other, ["changes_req_failed,4"]),
        (
            .timedOut,
            [
                // Who closes a connection was reached.
                "sel_conn_closed", "connection_closed", "econnreset", "timeout", "timedout", "changes_req_failed",
                "changes_reader_died", "http_request_failed", "revs_diff_failed",
            ]
        ),
    ]

    /// Whether it often passes without anybody's doing: a restart of a server brings it for half a minute.
    package var passesByItself: Bool {
        switch self {
        case .unreachable, .timedOut, .loginCutOff, .nameNotResolved, .rateLimited, .databaseReplaced, .other: true
        default: false
        }
    }

    /// What went wrong, in words.
    package var sentence: String {
        switch self {
        case .credentialsRejected: "a server rejects the user or the password of the replication"
        case .loginCutOff: "a server cuts its login with a session off"
        case .accountLocked: "a server has locked the account of the replication for some minutes"
        // The login with a session leaves out why it is forbidden (couch_replicator_auth_session.erl).
        case .notPermitted: "a server forbids the replication's user what it needs, or has locked the account"
        case .databaseMissing: "a database of the replication does not exist"
        case .addressWrong:
            "its document's address leads to no database, though check sees that one at the server's url"
        case .notCouchDB: "something else than CouchDB answers, such as a page of a proxy"
        case .nameNotResolved: "the name of a server can't be resolved"
        case .tls: "the TLS connection fails, most often because of the certificate"
        case .unreachable: "a server can't be reached"
        case .filterMissing: "the design document of its filter can't be read"
        case .duplicate: "another job already replicates the same databases"
        case .poisonDocument: "one document can't be read or written, and everything behind it waits"
        case .documentIDRefused: "the target does not take the id of a document, and everything behind it waits"
        case .checkpointRefused: "its checkpoint can't be written, so it begins again each time"
        case .checkpointShared: "another replication writes the same checkpoint"
        case .databaseReplaced: "a database was replaced while the job ran"
        case .rateLimited: "a server asks it to slow down, without end"
        case .diskFull: "the target's disk is full"
        case .timedOut: "a server answers too late or cuts the connection"
        case .other: "it stops with an error"
        }
    }

    /// What people should do about it.
    package var remedy: String {
        switch self {
        case .credentialsRejected: "correct the password in the configuration's secret, then run: couchkeep check"
        case .loginCutOff:
            "where that server is older than 3.0 and has require_valid_user, nobody gets a session there: unset it, or set "
                + "[replicator] auth_plugins = couch_replicator_auth_noop on the server that runs the job; else look at the "
                + "proxies between them"
        case .accountLocked: AccountLock.remedy
        case .notPermitted:
            "let the replication's user in by _security on both sides, and see whether the account is locked or a gateway "
                + "forbids the request"
        case .databaseMissing: "create or restore the missing database, or take the pair out of the configuration"
        case .addressWrong:
            "correct the address in the replication document (replication_url: where the server that runs the job reaches "
                + "the other), or the proxy there, if it decodes %2F and %2B in paths (nginx: proxy_pass without a URI)"
        case .notCouchDB:
            "look at the proxy at the address in the replication document (replication_url): its limits "
                + "(client_max_body_size), its redirects and logins, and whether it passes CouchDB's cookies and paths on"
        case .nameNotResolved:
            "check the host names in the configuration and the resolver of the server that runs the job"
        case .tls:
            "check the certificates of both servers, and [replicator] ssl_trusted_certificates_file where the job runs"
        case .unreachable: "see whether the server runs, and whether the other one reaches it through the network"
        case .filterMissing: "take the filter out of the replication document; a filtered copy is no backup"
        case .duplicate: "delete the superfluous replication document"
        case .poisonDocument:
            "find the document by the reason above or in the log of the server that runs the job, and see whether a proxy "
                + "refuses it; mend or purge it at the source only where CouchDB does. couchkeep repair copies all others meanwhile"
        case .documentIDRefused:
            "give the document another id at the source, or make a target that takes it: [couchdb] max_document_id_length, "
                + "and not partitioned where the source is not. couchkeep repair copies all others meanwhile"
        case .checkpointRefused: "allow PUT on _local documents for the replication's user on both sides"
        case .checkpointShared:
            "see whether two servers run one replication with the same [couchdb] uuid, as a copied machine has it: give each its own"
        case .databaseReplaced: "none, where it ran on after a restart; else see target-replaced and source-replaced"
        case .rateLimited: "raise the server's limits, or spread the load"
        case .diskFull: "make room on the target's disk"
        case .timedOut:
            "check the proxies between the servers, their limits (client_max_body_size) and times, and raise "
                + "connection_timeout in [replicator]"
        case .other: "look for the reason in the log of the server that runs the job"
        }
    }
}
