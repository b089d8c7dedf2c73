import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct CrashCauseTests {
    /// Reasons as CouchDB writes them: recorded, or put together from its sources.
    static let reasons: [(String, CrashCause)] = [
        (
            "{replication_auth_error,\n    {session_request_unauthorized,\"http://h:5984/_session\",\"admin\"}}",
            .credentialsRejected
        ),
        // Of 3.5.0, from 1.6.1 to 2.3.1 with require_valid_user.
        (
            "{replication_auth_error,\n    {session_request_failed,\"http://h:5984/_session\",\"admin\",sel_conn_closed}}",
            .loginCutOff
        ),
        ("unauthorized: unauthorized to access or create database http://h:5984/a/", .credentialsRejected),
        ("forbidden: forbidden to access or create database http://h:5984/a/", .notPermitted),
        ("forbidden: http://h:5984/sc5/", .notPermitted),
        ("{replication_auth_error,\n    {session_request_forbidden,\"http://h:5984/_session\",\"u\"}}", .notPermitted),
        (
            "{forbidden,<<\"Account is temporarily locked due to multiple authentication failures\">>}", .accountLocked
        ),
        ("{bad_return_value,{forbidden,<<\"read-only gateway\">>}}", .checkpointRefused),
        ("{bad_return_value,\n    {forbidden,<<\"read-only gateway\">>}}", .checkpointRefused),
        (
            "{revs_diff_failed,400,{[{<<\"error\">>,<<\"illegal_docid\">>},{<<\"reason\">>,<<\"Doc id must be of form partition:id\">>}]}}",
            .documentIDRefused
        ),
        ("{worker_died,<0.5.0>,{illegal_docid,<<\"Document id is too long\">>}}", .documentIDRefused),
        (
            "{revs_diff_failed,413,{[{<<\"error\">>,<<\"too_large\">>},{<<\"reason\">>,<<\"the request entity is too large\">>}]}}",
            .poisonDocument
        ),
        ("{replication_auth_error,{session_requires_valid_user,\"http://h/_session\",\"u\"}}", .credentialsRejected),
        (
            "{bulk_docs_failed,{401,[]},{<<\"unauthorized\">>,<<\"Name or password is incorrect.\">>}}",
            .credentialsRejected
        ),
        ("db_not_found: could not open http://h:5984/a/", .databaseMissing),
        ("{error,{not_found,<<\"Database does not exist.\">>}}", .databaseMissing),
        ("could not resolve h.example.org", .nameNotResolved),
        ("{conn_failed,{error,nxdomain}}", .nameNotResolved),
        (
            "{http_request_failed,\"GET\",\"http://h/a/\",{error,{error,{conn_failed,{error,nxdomain}}}}}",
            .nameNotResolved
        ),
        ("{conn_failed,{error,{tls_alert,{unknown_ca,\"TLS client: In state certify…\"}}}}", .tls),
        ("{conn_failed,{error,{tls_alert,{certificate_expired,\"…\"}}}}", .tls),
        (
            "{replication_auth_error,\n    {session_request_failed,\"http://127.0.0.1:9/_session\",\"admin\",\n        {conn_failed,{error,econnrefused}}}}",
            .unreachable
        ),
        ("{http_request_failed,\"GET\",\"http://h/a/\",{error,{conn_failed,{error,econnrefused}}}}", .unreachable),
        (
            "{changes_reader_died,{http_request_failed,\"GET\",\"http://h/a/_changes\",{error,{error,connection_closed}}}}",
            .timedOut
        ),
        ("{conn_failed,{error,ehostunreach}}", .unreachable),
        ("nodedown: progress not possible", .unreachable),
        (
            "Couldn't open document `_design/nope` from source database `http://h:5984/rec/`: {error,<<\"not_found\">>}",
            .filterMissing
        ),
        ("{filter_fetch_error,<<\"Could not get filter\">>}", .filterMissing),
        (
            "Replication `a+continuous` specified by document `b` already started, triggered by document `c` from db `_replicator`",
            .duplicate
        ),
        ("{duplicate_job,<<\"a+continuous\">>}", .duplicate),
        ("Duplicate replication running on node couchdb@h", .duplicate),
        ("{worker_died,<0.5.0>,{process_died,<0.6.0>,missing_doc}}", .poisonDocument),
        (
            "{worker_died,<0.5.0>,{bulk_docs_failed,400,{<<\"doc_validation\">>,<<\"Bad special document member: _foo\">>}}}",
            .poisonDocument
        ),
        ("{worker_died,<0.5.0>,{process_died,<0.6.0>,kaboom}}", .poisonDocument),
        ("{open_doc_revs_failed,500,[]}", .poisonDocument),
        ("{bulk_get_failed,500,[]}", .poisonDocument),
        ("{doc_write_failed,{500,[]}}", .poisonDocument),
        ("request_uri_too_long", .poisonDocument),
        (
            "{checkpoint_commit_failure,<<\"Error updating the source checkpoint document: conflict\">>}",
            .checkpointShared
        ),
        ("{checkpoint_commit_failure,<<\"Failure on target commit: {error,<<\"405\">>}\">>}", .checkpointRefused),
        (
            "{checkpoint_commit_failure,<<\"Failure on target commit: {'EXIT',{http_request_failed,\\\"POST\\\",\n"
                + "\\\"http://couch2:5984/orders/_ensure_full_commit\\\",{error,{error,{conn_failed,{error,econnrefused}}}}}}\">>}",
            .unreachable
        ),
        (
            "{checkpoint_commit_failure,<<\"Failure on source commit: {'EXIT',{http_request_failed,\\\"POST\\\",\n"
                + "\\\"http://couch1/orders/_ensure_full_commit\\\",{error,{code,504}}}}\">>}", .timedOut
        ),
        ("{checkpoint_commit_failure,<<\"Failure on target commit: {error,enospc}\">>}", .diskFull),
        (
            "{checkpoint_commit_failure,<<\"instance_start_time on target database has changed since last checkpoint.\">>}",
            .databaseReplaced
        ),
        ("Target database out of sync. Try to increase max_dbs_open at the target's server.", .databaseReplaced),
        ("{max_backoff,{http_request_failed,\"GET\",\"http://h/a/\"}}", .rateLimited),
        ("{worker_died,<0.1.0>,{bulk_docs_failed,507,{<<\"insufficient_storage\">>,<<\"no space\">>}}}", .diskFull),
        ("{error,enospc}", .diskFull),
        ("{changes_reader_died,{timeout,ibrowse_stream_cleanup}}", .timedOut),
        ("{changes_req_failed,{error,req_timedout}}", .timedOut),
        ("{revs_diff_failed,500,[]}", .timedOut),
        ("{http_request_failed,\"POST\",\"http://h/a/_revs_diff\",{error,{code,503}}}", .timedOut),
        ("shutdown", .other), ("", .other),
    ]

    @Test("Each reason is read as its cause", arguments: reasons)
    func cause(reason: String, cause: CrashCause) {
        #expect(CrashCause(reason: reason) == cause)
    }

    @Test("A reason is told where the cause does not say it, in one line, without who logs in")
    func excerpt() {
        #expect(CrashCause.other.excerpt(of: "{case_clause,\n    nope}") == ": {case_clause, nope}")
        #expect(
            CrashCause.poisonDocument.excerpt(of: "at https://u:se@ret@h/a/d\u{1b}[31m") == ": at https://h/a/d [31m")
        #expect(CrashCause.other.excerpt(of: String(repeating: "x", count: 500)).count == 163)
        #expect(CrashCause.other.excerpt(of: "") == "" && CrashCause.diskFull.excerpt(of: "enospc") == "")
    }

    @Test("The reasons name every cause, and every cause has its words")
    func complete() {
        // One cause is known only from what the databases themselves say.
        let read = Set((Self.reasons + ProxyReasonTests.reasons).map(\.1))
        #expect(read.union([.addressWrong]) == Set(CrashCause.allCases))
        #expect(Set(CrashCause.allCases.map(\.sentence)).count == CrashCause.allCases.count)
        #expect(CrashCause.allCases.allSatisfy { !$0.remedy.isEmpty })
    }

    @Test(
        "A database, document or user that is named like an error is none",
        arguments: [
            ("db_not_found: could not open http://h:5984/timeouts/", CrashCause.databaseMissing),
            (
                "{http_request_failed,\"GET\",\"http://h/certificates/\",{error,{conn_failed,{error,econnrefused}}}}",
                .unreachable
            ),
            (
                "{http_request_failed,\"GET\",\"http://forbidden.example.org/a/\",{error,{conn_failed,{error,econnrefused}}}}",
                .unreachable
            ),
            ("db_not_found: could not open http://h:5984/unauthorized/", .databaseMissing),
        ])
    func namedLikeAnError(reason: String, cause: CrashCause) {
        #expect(CrashCause(reason: reason) == cause)
    }
}
