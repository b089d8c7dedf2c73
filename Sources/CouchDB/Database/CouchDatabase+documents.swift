import Foundation
import NIOCore
import NIOFoundationCompat

extension CouchDatabase {
    /// A control document as JSON, nil where it (or the revision) does not exist or is deleted.
    ///
    /// Not for users' documents that are to be kept as they are: JSON values don't keep order and spelling.
    ///
    /// - Throws: ``CouchError``; code `not-found` where the database does not exist.
    public func document(_ id: String, revision: String? = nil) async throws -> JSONValue? {
        var query: [String: String] = [:]
        query["rev"] = revision
        return try await existing(path(of: id), query: query)
    }

    /// Writes a document and returns its new revision.
    ///
    /// `_rev` among the members names the revision it replaces.
    ///
    /// - Throws: ``CouchError``; code `conflict` where the document was changed by somebody else.
    public func putDocument(_ id: String, members: [String: JSONValue]) async throws -> String {
        try await write(CouchRequest(.put, path(of: id), body: .json(.object(members))))
    }

    /// Writes a document as these bytes, which must be a JSON object, and returns its new revision.
    ///
    /// `_rev` among its members names the one it replaces; without it the document is new, or goes on from a tombstone.
    ///
    /// - Throws: ``CouchError``; code `conflict` where the document is there, or was changed by somebody else.
    public func putDocument(_ id: String, document: Data) async throws -> String {
        try await write(CouchRequest(.put, path(of: id), body: .json(document)))
    }

    /// Deletes a document and returns the tombstone's revision.
    ///
    /// - Throws: ``CouchError``; code `conflict` where the document was changed by somebody else.
    public func deleteDocument(_ id: String, revision: String) async throws -> String {
        try await write(CouchRequest(.delete, path(of: id), query: ["rev": revision]))
    }

    /// A local document, which is not replicated; nil where it does not exist.
    ///
    /// - Parameter id: the id without `_local/`.
    /// - Throws: ``CouchError``; code `not-found` where the database does not exist.
    public func localDocument(_ id: String) async throws -> JSONValue? {
        try await existing([name, "_local", id], query: [:])
    }

    /// Writes a local document and returns its new revision.
    ///
    /// `_rev` among the members names the one it replaces.
    ///
    /// - Parameter needsQuorum: whether it is an error that not enough copies of its shard have taken it (202): no node brings
    ///   a local document to another one, so that the others go on to tell an older one, or none.
    /// - Throws: ``CouchError``; code `conflict` where the document was changed by somebody else, `server-error` with status
    ///   202 where it was written to too few copies.
    public func putLocalDocument(
        _ id: String, members: [String: JSONValue], needsQuorum: Bool = false
    ) async throws -> String {
        try await write(
            CouchRequest(.put, [name, "_local", id], body: .json(.object(members))), needsQuorum: needsQuorum)
    }

    /// Writes a local document as these bytes, which must be a JSON object, and returns its new revision.
    ///
    /// `_rev` among its members names the one it replaces.
    ///
    /// - Throws: ``CouchError``; code `conflict` where the document was changed by somebody else.
    public func putLocalDocument(_ id: String, document: Data) async throws -> String {
        try await write(CouchRequest(.put, [name, "_local", id], body: .json(document)))
    }

    /// Not repeated after it was sent: a second try would be answered with a conflict although the first one succeeded.
    private func write(_ request: CouchRequest, needsQuorum: Bool = false) async throws -> String {
        let shown = request.shown(on: server.url)
        let answer = try await server.answer(to: request)
        let json = try answer.json(request: shown)
        try Self.expect(json, isAbout: request.path.dropFirst().joined(separator: "/"), request: shown)
        guard let revision = json["rev"]?.string else {
            throw CouchError(.malformedAnswer, "the answer to a write names no revision", request: shown)
        }
        guard !needsQuorum || answer.status != 202 else {
            throw CouchError(
                .serverError, "not enough copies of a shard took the local document", request: shown, status: 202)
        }
        return revision
    }

    /// Checks that the document was written that was named, and not another one, or an attachment of one: a proxy may have
    /// decoded the plus sign or the slash of its id.
    static func expect(_ answer: JSONValue, isAbout id: String, request: String) throws(CouchError) {
        guard let told = answer["id"]?.string, told != id else { return }
        let what = id.hasPrefix(told + "/") ? "an attachment of “\(told)”" : "“\(told)”"
        throw .decodedPath(
            "instead of “\(id)” \(what) was written (revision \(answer["rev"]?.string ?? "unknown")), which is to be deleted",
            request: request, status: nil)
    }

    /// Why a document can't be written under its own path: a proxy decodes the plus sign of its id, and names another one so;
    /// nil where it can, and of ids without one.
    ///
    /// - Parameter isNew: whether the request names no revision. Then a slash needs the question too: where nothing is under the
    ///   name before it, an attachment of a new document is made. Otherwise see
    ///   ``putRevision(_:revision:layout:body:isNew:)``.
    /// - Throws: ``CouchError``, `CancellationError`.
    public func pathFailure(of id: String, isNew: Bool = false) async throws -> CouchError? {
        let isAmbiguous = try DocumentPath.segments(of: id).contains { $0.contains("+") || isNew && $0.contains("/") }
        guard isAmbiguous, try await server.decodesPath(with: id) else { return nil }
        return .decodedPath("“\(id)” can't be written", request: nil, status: nil)
    }

    /// Deletes a local document.
    ///
    /// - Throws: ``CouchError``; code `conflict` where the document was changed by somebody else.
    public func deleteLocalDocument(_ id: String, revision: String) async throws {
        _ = try await server.json(.delete, [name, "_local", id], query: ["rev": revision])
    }

    /// One page of the documents that are not deleted, in the order of their ids.
    ///
    /// - Parameters:
    ///   - startKey: the first id, the first document's where nil.
    ///   - endKey: the last id, the last document's where nil.
    public func documents(
        from startKey: String? = nil, to endKey: String? = nil, limit: Int, includeDocuments: Bool = false
    ) async throws -> [AllDocsRow] {
        var query = ["limit": String(limit)]
        query["startkey"] = startKey.map { JSONValue.string($0).text }
        query["endkey"] = endKey.map { JSONValue.string($0).text }
        if includeDocuments { query["include_docs"] = "true" }
        return try await rows(of: CouchRequest(.get, [name, "_all_docs"], query: query))
    }

    /// The rows of a page that comes at once.
    func rows(of request: CouchRequest) async throws -> [AllDocsRow] {
        let answer = try await server.answer(to: request)
        do {
            var scanner = AllDocsScanner(maximumRowSize: server.configuration.maximumAnswerSize)
            var rows: [AllDocsRow] = []
            scanner.append(answer.body.readableBytesView)
            while let row = try scanner.next() { rows.append(row) }
            try scanner.finish()
            return rows
        } catch {
            throw error.naming(request.shown(on: server.url))
        }
    }

    /// All design documents.
    public func designDocuments() async throws -> [JSONValue] {
        try await designDocumentRows(includeDocuments: true).compactMap(\.document).map(JSONValue.init(parsing:))
    }

    /// The ids of all design documents that are not deleted.
    public func designDocumentIDs() async throws -> [String] {
        try await designDocumentRows(includeDocuments: false).map(\.id)
    }

    private func designDocumentRows(includeDocuments: Bool) async throws -> [AllDocsRow] {
        var rows: [AllDocsRow] = []
        var start = "_design/"
        while true {
            // "0" follows "/": ids are ordered by their bytes.
            let page = try await documents(
                from: start, to: "_design0", limit: 200, includeDocuments: includeDocuments)
            let new = start == page.first?.id ? page.dropFirst() : page[...]
            rows += new
            guard let last = new.last, page.count == 200 else { return rows }
            start = last.id
        }
    }

    func path(of id: String) throws -> [String] { [name] + (try DocumentPath.segments(of: id)) }

    private func existing(_ path: [String], query: [String: String]) async throws -> JSONValue? {
        do {
            return try await server.json(.get, path, query: query)
        } catch let error as CouchError where error.isDocumentMissing {
            return nil
        }
    }
}
