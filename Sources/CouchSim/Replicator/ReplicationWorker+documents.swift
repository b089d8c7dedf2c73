import CouchDB
import Foundation
import NIOHTTP1

extension ReplicationWorker {
    /// Fetches revisions with their histories and attachments.
    func fetch(
        _ wanted: [(id: String, revision: String)], counting counters: inout ReplicationCounters
    ) async throws -> [OrderedJSON] {
        guard flavour.replicatesWithBulkGet else {
            var documents: [OrderedJSON] = []
            for entry in wanted { documents += try await open(entry.id, entry.revision) }
            return documents
        }
        let body: OrderedJSON = [
            "docs": .array(wanted.map { ["id": .string($0.id), "rev": .string($0.revision)] })
        ]
        counters.bulkGetAttempts += wanted.count
        let answer = try await source.send(.POST, "_bulk_get?latest=true&revs=true&attachments=false", body: body)
        guard answer.status == 200, let results = answer.json?["results"]?.elements else {
            // An older source has no _bulk_get: ask for one document after the other.
            var documents: [OrderedJSON] = []
            for entry in wanted { documents += try await open(entry.id, entry.revision) }
            return documents
        }
        var documents: [OrderedJSON] = []
        for (entry, result) in zip(wanted, results) {
            for found in result["docs"]?.elements ?? [] {
                guard let document = found["ok"] else { throw CrashReason.worker("missing_doc") }
                if document["_attachments"] == nil {
                    counters.bulkGetDocuments += 1
                    documents.append(document)
                } else {
                    documents += try await open(entry.id, entry.revision)
                }
            }
        }
        return documents
    }

    private func open(_ id: String, _ revision: String) async throws -> [OrderedJSON] {
        let revisions = OrderedJSON.array([.string(revision)]).text.escapedForQuery
        let path = "\(id.escapedForPath)?revs=true&latest=true&attachments=true&open_revs=\(revisions)"
        let answer = try await source.send(.GET, path)
        guard answer.status == 200, let list = answer.json?.elements else {
            throw CrashReason.worker("{open_doc_revs_failed,\(answer.status)}")
        }
        let found = list.compactMap { $0["ok"] }
        // Up to 1.7 a revision that can't be read is passed over in silence.
        guard found.count == list.count || flavour.isSingleNode else { throw CrashReason.worker("missing_doc") }
        return found
    }

    /// Writes documents; design documents and those with attachments one by one.
    func write(_ documents: [OrderedJSON], counting counters: inout ReplicationCounters) async throws {
        let (single, bulk) = documents.partitioned { document in
            document["_attachments"] != nil || document["_id"]?.string?.hasPrefix("_design/") == true
        }
        for document in single { try await put(document, counting: &counters) }
        guard !bulk.isEmpty else { return }
        let answer = try await target.send(
            .POST, "_bulk_docs", body: ["new_edits": false, "docs": .array(bulk)])
        guard answer.status == 201, let rows = answer.json?.elements else {
            switch answer.status {
            case 401: throw CrashReason.unauthorized(target.url)
            case 403: throw CrashReason.forbidden(target.url)
            default:
                let error = answer.json.map { "{[\($0.text)]}" } ?? ""
                throw CrashReason.worker("{bulk_docs_failed,\(answer.status),\(error)}")
            }
        }
        let failures = rows.count { $0["error"] != nil }
        counters.writeFailures += failures
        counters.documentsWritten += bulk.count - failures
    }

    private func put(_ document: OrderedJSON, counting counters: inout ReplicationCounters) async throws {
        let id = document["_id"]?.string ?? ""
        let answer = try await target.send(.PUT, "\(id.escapedForPath)?new_edits=false", body: document)
        switch answer.status {
        case 200...202: counters.documentsWritten += 1
        case 401, 403, 413, 415: counters.writeFailures += 1
        // Before 3.4 any refusal was passed over.
        case 400..<500 where flavour.version < ServerVersion(3, 4): counters.writeFailures += 1
        default: throw CrashReason.worker("{doc_write_failed,\(answer.status)}")
        }
    }
}

extension Array {
    /// Splits into the elements that match and those that don't, both in order.
    fileprivate func partitioned(by matches: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(matches), filter { !matches($0) })
    }
}

extension String {
    private static let plain = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// Escaped as a value in a query; the set is not empty, so that this can't fail.
    var escapedForQuery: String { addingPercentEncoding(withAllowedCharacters: Self.plain) ?? self }

    /// Escaped as a document's id in a path.
    var escapedForPath: String {
        for prefix in ["_design/", "_local/"] where hasPrefix(prefix) {
            return prefix + String(dropFirst(prefix.count)).escapedForQuery
        }
        return escapedForQuery
    }
}
