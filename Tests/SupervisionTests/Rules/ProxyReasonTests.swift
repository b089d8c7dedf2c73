import Testing

@testable import Supervision

/// What CouchDB's replicator says where a proxy stands before a server.
@Suite struct ProxyReasonTests {
    /// As 3.5.0 has written them behind nginx and haproxy.
    static let recorded: [(String, CrashCause)] = [
        // A page for status 401, 403, 404 or 413, in answer to a question.
        ("{invalid_json,{1,invalid_json}}", .notCouchDB),
        // A page for status 413 in answer to a document.
        ("{doc_write_failed,{invalid_json,{1,invalid_json}}}", .notCouchDB),
        (
            "{replication_auth_error,\n    {session_unexpected_result,\"301\",\"http://localhost:8510/_session\",\n        \"admin\"}}",
            .notCouchDB
        ),
        (
            "{replication_auth_error,\n    {session_unexpected_result,\"302\",\"http://localhost:8511/_session\",\n        \"admin\"}}",
            .notCouchDB
        ),
        // A login page with status 200.
        ("{replication_auth_error,cookie_not_found}", .notCouchDB),
        (
            "{replication_auth_error,\n    {session_unexpected_result,\"502\",\"http://localhost:8517/_session\",\n        \"admin\"}}",
            .timedOut
        ),
        (
            "{replication_auth_error,\n    {session_unexpected_result,\"503\",\"http://localhost:8513/_session\",\n        \"admin\"}}",
            .timedOut
        ),
        // A connection that nginx has closed for a document that is too large, and haproxy for its time.
        (
            "{replication_auth_error,\n    {session_request_failed,\"http://localhost:8504/_session\",\"admin\",\n        sel_conn_closed}}",
            .loginCutOff
        ),
        ("{changes_req_failed,sel_conn_closed}", .timedOut),
        (
            "{replication_auth_error,\n    {session_request_forbidden,\"http://localhost:8526/_session\",\"admin\"}}",
            .notPermitted
        ),
        ("db_not_found: could not open http://localhost:8508/couch/team%2Forders/", .databaseMissing),
    ]

    /// Put together from the sources and the tests of CouchDB.
    static let composed: [(String, CrashCause)] = [
        ("{replication_auth_error,cookie_format_invalid}", .notCouchDB),
        ("{replication_auth_error,{session_unexpected_result,\"429\",\"http://h/_session\",\"u\"}}", .rateLimited),
        (
            "{worker_died,<0.5.0>,{process_died,<0.6.0>,{{nocatch,{invalid_json,{1,invalid_json}}},[{couch_util,json_decode,2,[]}]}}}",
            .notCouchDB
        ),
        (
            "{checkpoint_commit_failure,<<\"Failure on target commit: {invalid_json,{1,invalid_json}}\">>}", .notCouchDB
        ),
        ("{bad_return_value,{invalid_json,{1,invalid_json}}}", .notCouchDB),
        ("{changes_reader_died,{{nocatch,{parse_error,bad_token}},[]}}", .notCouchDB),
        // 1.x has the page in its reason, with any words.
        (
            "{worker_died,<0.5.0>,{process_died,<0.6.0>,{{nocatch,{invalid_json,{{error,{0,\"lexical error: invalid char in json text.\\n\"}},<<\"<title>403 Forbidden: no certificate</title>\">>}}},[]}}}",
            .notCouchDB
        ),
        // A gateway's own JSON has not both of CouchDB's words.
        ("{doc_write_failed,{400,[{<<\"a\">>,<<\"b\">>}]}}", .notCouchDB),
        ("{doc_write_failed,{<<\"Not Found\">>,undefined}}", .notCouchDB),
        ("{doc_write_failed,{<<\"x\">>,<<\"y\">>}}", .poisonDocument),
        ("{bulk_docs_failed,403,{[{<<\"x\">>,<<\"y\">>}]}}", .notCouchDB),
        ("{bulk_docs_failed,404,null}", .notCouchDB),
        (
            "{bulk_docs_failed,400,\n    {[{<<\"error\">>,<<\"doc_validation\">>},\n      {<<\"reason\">>,<<\"Bad special document member: _foo\">>}]}}",
            .poisonDocument
        ),
        ("{revs_diff_failed,407,{[{<<\"x\">>,<<\"y\">>}]}}", .notCouchDB),
        // A target that can't read what an old source has stored says so itself.
        (
            "{bulk_docs_failed,400,{[{<<\"error\">>,<<\"bad_request\">>},{<<\"reason\">>,<<\"invalid_json\">>}]}}",
            .poisonDocument
        ),
        ("{changes_req_failed,401,#Fun<couch_replicator_httpc.5.83641283>}", .credentialsRejected),
        ("{changes_req_failed,403,#Fun<couch_replicator_httpc.5.83641283>}", .notPermitted),
        ("{changes_req_failed,404,#Fun<couch_replicator_httpc.5.83641283>}", .other),
        ("{changes_req_failed,502}", .timedOut),
    ]

    static let reasons = recorded + composed

    @Test("Each reason is read as its cause", arguments: reasons)
    func cause(reason: String, cause: CrashCause) {
        #expect(CrashCause(reason: reason) == cause)
    }

    @Test("Nobody is sent to purge a document before a proxy was ruled out")
    func purge() {
        for (reason, cause) in Self.reasons where reason.contains("invalid_json,") {
            #expect(!cause.remedy.contains("purge") && cause.remedy.contains("client_max_body_size"))
        }
        #expect(CrashCause.poisonDocument.remedy.contains("proxy"))
    }
}
