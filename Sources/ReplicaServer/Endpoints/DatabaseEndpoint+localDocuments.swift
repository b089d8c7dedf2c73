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
            if let asked = try localNumber(request.query["rev"]), asked != document.number {
                throw EndpointFailure.missing
            }
            return .json(bytes: try Self.text(of: document, id: id))
        case .put:
            return try await putLocalDocument(id)
        case .delete:
            guard let number = try localNumber(request.query["rev"]) else { throw EndpointFailure.conflict }
            guard try await localDocuments.localDocument(id, of: database.name) != nil else {
                throw EndpointFailure.missing
            }
            return try await removeLocalDocument(id, number: number)
        default: throw EndpointFailure.methodNotAllowed([.delete, .get, .head, .put])
        }
    }

    private func removeLocalDocument(_ id: String, number: Int) async throws -> ServedResponse {
        guard try await localDocuments.removeLocalDocument(id, of: database.name, number: number) else {
            throw EndpointFailure.conflict
        }
        return .json(Self.removed(id))
    }

    private static func removed(_ id: String) -> JSONValue { ["ok": true, "id": .string(id), "rev": "0-0"] }

    private func putLocalDocument(_ id: String) async throws -> ServedResponse {
        guard request.body.count <= Self.localDocumentLimit else { throw EndpointFailure.tooLarge }
        var revision = request.query["rev"]
        var kept = JSONText("{")
        var isDeleted = false
        do {
            let document = try JSONMembers(of: request.body)
            var isFirst = true
            for member in document.members where member.key != "_id" {
                if member.key == "_rev" {
                    revision = try JSONValue(parsing: document.value(of: member)).string ?? revision
                    continue
                }
                if member.key == "_deleted" {
                    isDeleted = try JSONValue(parsing: document.value(of: member)).bool ?? false
                    continue
                }
                // CouchDB's replicator sends `_revisions`, and would believe those of an older one.
                if member.key?.hasPrefix("_") == true { continue }
                if !isFirst { kept.append(",") }
                isFirst = false
                kept.append(json: document.text(of: member))
            }
            kept.append("}")
        } catch {
            throw EndpointFailure.invalidJSON
        }
        let seen = try localNumber(revision) ?? 0
        if isDeleted {
            // To remove what is not there is no failure, as CouchDB has it.
            let isThere = try await localDocuments.localDocument(id, of: database.name) != nil
            return isThere ? try await removeLocalDocument(id, number: seen) : .json(Self.removed(id))
        }
        guard
            let number = try await localDocuments.putLocalDocument(
                id, of: database.name, members: kept.bytes, replacing: seen)
        else { throw EndpointFailure.conflict }
        return .json(["ok": true, "id": .string(id), "rev": .string("0-\(number)")], status: 201)
    }

    /// Reads `0-N`.
    private func localNumber(_ text: String?) throws(EndpointFailure) -> Int? {
        guard let text else { return nil }
        guard text.hasPrefix("0-"), let number = Int(text.dropFirst(2)), (0..<Int.max).contains(number) else {
            throw .invalidRevision
        }
        return number
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
