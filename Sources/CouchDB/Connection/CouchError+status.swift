import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

extension CouchError {
    /// The error that an answer with a status of 300 or more stands for.
    init(answer: Answer, request: String) {
        let data = Data(buffer: answer.body)
        let json = try? JSONValue(parsing: data)  // A page or nothing at all: then there is no word of CouchDB in it.
        let word = Self.word(of: json, request: request)
        let reason = word == nil ? nil : json?["reason"].flatMap { $0.isNull ? nil : $0.reasonText }
        let status = answer.status

        if (300..<400).contains(status) {
            let target = answer.headers.first(name: "Location").map(ServerURL.withoutSecrets) ?? "an unknown address"
            self.init(
                .notCouchDB, "the answer is a redirect (\(status)) to \(target); write CouchDB's own address instead",
                request: request, status: status)
            return
        }
        let code = Self.code(status: status, word: word)
        let message: String
        if let word {
            message = "CouchDB answered \(status) " + [word, reason].compactMap(\.self).joined(separator: ": ")
        } else if status == 401 {
            message =
                "a proxy in front asks for a login: the answer is 401 with \(Excerpt(of: data)), which is not CouchDB's"
        } else {
            message =
                "the answer is \(status) with \(Excerpt(of: data)), which is not CouchDB's; "
                + "a proxy or another service may have answered"
        }
        self.init(code, message, request: request, status: status, error: word, reason: reason)
    }

    /// CouchDB's word for an error; nil where somebody else answers.
    ///
    /// CouchDB sends `error` and `reason` together (`send_error` of 1.x to 3.x), gateways one of them at most. Only `_replicate`
    /// answers with the word alone.
    private static func word(of answer: JSONValue?, request: String) -> String? {
        guard let members = answer?.object, members.keys.contains("reason") || request.hasSuffix("/_replicate")
        else { return nil }
        return members["error"]?.string
    }

    /// Without CouchDB's own words, 404 and the like say nothing of a database: any web server answers so.
    private static func code(status: Int, word: String?) -> Code {
        let isCouchDB = word != nil
        return switch status {
        case 401: isCouchDB ? .unauthorized : .notCouchDB
        case 403: isCouchDB ? .forbidden : .notCouchDB
        // A `_show` or a rewrite that is missing has another word, and `_replicate` writes it as two.
        case 404: word == "not_found" || word == "not found" ? .notFound : isCouchDB ? .rejected : .notCouchDB
        // CouchDB says so where a body came too slowly, and a proxy where it waited in vain.
        case 408: .timeout
        case 409: isCouchDB ? .conflict : .notCouchDB
        // That a node is away CouchDB tells so too (chttpd:error_info/1), and it passes.
        case 412: word == "nodedown" ? .serverError : isCouchDB ? .preconditionFailed : .notCouchDB
        case 413: .tooLarge
        case 429: .tooManyRequests
        case 500...: .serverError
        default: isCouchDB ? .rejected : .notCouchDB
        }
    }

    /// Whether the database itself is missing, rather than one document in it.
    ///
    /// 2.x and 3.x say `Database does not exist.`, 1.x `no_db_file`.
    public var isDatabaseMissing: Bool {
        code == .notFound && (reason == "Database does not exist." || reason == "no_db_file")
    }

    /// Whether nobody is let in without credentials; before 3.0 that holds for `POST /_session` too where
    /// `require_valid_user` is set (apache/couchdb#1947).
    var isLoginRequired: Bool { status == 401 && reason == "Authentication required." }

    /// Whether the server has locked the account for some minutes, whatever the password (`couch_auth_lockout.erl`, 3.4 and later).
    public var isAccountLocked: Bool {
        code == .forbidden && (reason ?? message).lowercased().contains("temporarily locked")
    }

    /// Whether a cluster did not answer since nodes with all copies of what was asked for are away.
    public var isNodeAway: Bool {
        error == "nodedown" || isMajorityMissing
    }

    /// Whether a cluster does not take a setting, since too many nodes with copies of the database are away (`fabric_db_meta.erl`).
    public var isMajorityMissing: Bool {
        ["no_majority", "no_ring"].contains { reason?.contains($0) == true || error == $0 }
    }

    /// Whether a document (or its revision, or its attachment) is missing in a database that is there.
    public var isDocumentMissing: Bool { code == .notFound && !isDatabaseMissing }

    /// Whether no copy of a database's shards could be opened: nodes are away, or, as a single node says too
    /// (`fabric_util:get_shard/1`), files are damaged or can't be read.
    public var isShardUnopened: Bool { reason == "No DB shards could be opened." }
}
