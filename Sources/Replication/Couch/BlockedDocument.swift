import CouchDB

extension CouchError.Code {
    /// The request for one document was answered in CouchDB's place, as by a firewall that blocks its path or its content.
    package static let documentBlocked = CouchError.Code(rawValue: "document-blocked")
}

extension CouchError {
    /// The failure of a request for one document: what answers in the server's place there may let all others through.
    ///
    /// Whether it does has to be asked before that document is set aside: where a server is away, a proxy answers so to all.
    func ofOneDocument(in database: CouchDatabase) -> CouchError {
        guard let status, status >= 300, code == .notCouchDB || code == .forbidden && error == nil,
            request?.contains(" \(database.url)/") == true
        else { return self }
        // The request goes into the text: what there is to say of one for a database does not fit.
        return CouchError(.documentBlocked, description, status: status, error: error, reason: reason)
    }
}
