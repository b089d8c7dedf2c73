import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

extension CouchError {
    /// The error that an answer with a status of 300 or more stands for.
    init(answer: Answer, request: String) {
        let data = Data(buffer: answer.body)
        let json = try? JSONValue(parsing: data)  // A page or nothing at all: then there is no word of CouchDB in it.
        let word = json?["error"]?.string
        let reason = json?["reason"].flatMap { $0.isNull ? nil : $0.reasonText }
        let status = answer.status

        if (300..<400).contains(status) {
            let target = answer.headers.first(name: "Location").map(ServerURL.withoutSecrets) ?? "an unknown address"
            self.init(
                .notCouchDB, "the answer is a redirect (\(status)) to \(target); write CouchDB's own address instead",
                request: request, status: status)
            return
        }
        let code = Self.code(status: status, isCouchDB: word != nil)
        let said = [word, reason].compactMap(\.self).joined(separator: ": ")
        let message =
            word != nil
            ? "CouchDB answered \(status) \(said)"
            : "the answer is \(status) with \(Excerpt(of: data)), which is not CouchDB's; "
                + "a proxy or another service may have answered"
        self.init(code, message, request: request, status: status, error: word, reason: reason)
    }

    /// Without CouchDB's own words, 404 and the like say nothing of a database: any web server answers so.
    private static func code(status: Int, isCouchDB: Bool) -> Code {
        switch status {
        case 401: .unauthorized
        case 403: .forbidden
        case 404: isCouchDB ? .notFound : .notCouchDB
        // CouchDB says so where a body came too slowly, and a proxy where it waited in vain.
        case 408: .timeout
        case 409: isCouchDB ? .conflict : .notCouchDB
        case 412: isCouchDB ? .preconditionFailed : .notCouchDB
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

    /// Whether a cluster did not answer since nodes with all copies of what was asked for are away.
    public var isNodeAway: Bool { error == "nodedown" }

    /// Whether a document (or its revision, or its attachment) is missing in a database that is there.
    public var isDocumentMissing: Bool { code == .notFound && !isDatabaseMissing }
}
