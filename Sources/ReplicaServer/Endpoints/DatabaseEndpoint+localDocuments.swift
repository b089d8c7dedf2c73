import CouchDB
import Foundation
import HTTPTypes
import Replication

extension DatabaseEndpoint {
    /// The largest `_local` document in bytes: a checkpoint with its history has some kilobytes.
    private static var localDocumentLimit: Int { 256 << 10 }

    /// `/{db}/_local/{id}`: what others write here goes beside the replica and leaves it as it is.
    func localDocument(_ rest: ArraySlice<String>) async throws -> ServedResponse {
        guard !rest.isEmpty else { throw EndpointFailure.missing }
        let id = "_local/" + rest.joined(separator: "/")
        switch request.method {
        case .get, .head:
            guard let document = try await localDocuments.localDocument(id, of: database.name) else {
                throw EndpointFailure.missing
            }
            if let asked = try LocalDocumentWrite.number(of: query["rev"]), asked != document.number {
                throw EndpointFailure.missing
            }
            return .json(bytes: try Self.text(of: document, id: id))
        case .put:
            guard request.body.count <= Self.localDocumentLimit else { throw EndpointFailure.tooLarge }
            var document = try LocalDocumentWrite(request.body)
            document.revision = document.revision ?? query["rev"]
            try LocalDocumentWrite.expectRevision(document.revision)
            return .json(try await write(document, id), status: document.isDeleted ? 200 : 201)
        case .delete:
            try LocalDocumentWrite.expectRevision(query["rev"])
            guard try await localDocuments.removeLocalDocument(id, of: database.name) else {
                throw EndpointFailure.missing
            }
            return .json(Self.written(id, number: 0))
        default: throw EndpointFailure.methodNotAllowed([.delete, .get, .head, .put])
        }
    }

    /// `POST /{db}/_bulk_docs` of `_local` documents alone, as PouchDB 5 writes its checkpoints; all others are refused.
    func bulkDocuments() async throws -> ServedResponse {
        guard request.method == .post else { throw EndpointFailure.readOnly }
        try request.requireJSONType()
        var documents: [Data]?
        var hasNewEdits = true
        do {
            let body = try JSONMembers(of: request.body)
            for member in body.members {
                switch member.key {
                case "docs": documents = try JSONElements(of: body.value(of: member)).elements
                case "new_edits": hasNewEdits = try JSONValue(parsing: body.value(of: member)).bool ?? true
                default: break
                }
            }
        } catch {
            throw EndpointFailure.invalidJSON
        }
        guard let documents else { throw EndpointFailure.readOnly }
        var rows: [JSONValue] = []
        for (id, document) in try Self.localDocuments(documents) {
            do {
                let row = try await write(document, id)
                // Without `new_edits` only failures are told.
                if hasNewEdits { rows.append(row) }
            } catch let failure as EndpointFailure where failure == .invalidRevision {
                rows.append(["id": .string(id), "error": "error", "reason": .string(failure.reason)])
            }
        }
        return .json(.array(rows), status: 201)
    }

    /// Reads all before the first is written.
    ///
    /// - Throws: ``EndpointFailure/readOnly`` where one is no `_local` document.
    private static func localDocuments(
        _ documents: [Data]
    ) throws(EndpointFailure) -> [(id: String, document: LocalDocumentWrite)] {
        var writes: [(id: String, document: LocalDocumentWrite)] = []
        for bytes in documents {
            let document = try LocalDocumentWrite(bytes)
            let prefix = "_local/".utf8
            guard let id = document.id, id.utf8.starts(with: prefix), id.utf8.count > prefix.count else {
                throw .readOnly
            }
            guard bytes.count <= localDocumentLimit else { throw .tooLarge }
            try LocalDocumentWrite.expectRevision(document.revision)
            writes.append((id, document))
        }
        return writes
    }

    /// Writes a document, and returns what is answered.
    private func write(_ document: LocalDocumentWrite, _ id: String) async throws -> JSONValue {
        let number = try document.nextNumber()
        if document.isDeleted {
            // To remove what is not there is no failure, as CouchDB has it.
            _ = try await localDocuments.removeLocalDocument(id, of: database.name)
        } else {
            try await localDocuments.putLocalDocument(
                id, of: database.name, LocalDocument(number: number, members: document.members))
        }
        return Self.written(id, number: number)
    }

    private static func written(_ id: String, number: Int) -> JSONValue {
        ["ok": true, "id": .string(id), "rev": .string("0-\(number)")]
    }

    private static func text(of document: LocalDocument, id: String) throws(CouchError) -> Data {
        var text = JSONText("{\"_id\":")
        text.append(string: id)
        text.append(",\"_rev\":\"0-")
        text.append(document.number)
        text.append("\"")
        let members = try JSONMembers(of: document.members)
        for member in members.members {
            text.append(",")
            text.append(json: members.text(of: member))
        }
        text.append("}")
        return text.bytes
    }
}
