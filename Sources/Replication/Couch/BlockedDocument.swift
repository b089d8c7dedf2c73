import CouchDB

extension CouchError.Code {
    /// The request for one document was answered in CouchDB's place, as by a firewall that blocks its path or its content.
    package static let documentBlocked = CouchError.Code(rawValue: "document-blocked")
}

extension CouchError {
    /// The failure of a request for one document: what answers in the server's place there may let all others through.
    ///
    /// Whether it does has to be asked before that document is set aside: where a server is away, a proxy answers so to all.
    /// A login that is asked for, or was lost, is never about one document.
    func ofOneDocument(in database: CouchDatabase) -> CouchError {
        guard code == .notCouchDB, let status, status >= 300, ![401, 407].contains(status),
            request?.contains(" \(database.url)/") == true
        else { return self }
        // The request goes into the text: what there is to say of one for a database does not fit.
        return CouchError(.documentBlocked, description, status: status, error: error, reason: reason)
    }
}
