import CouchDB
import Foundation
import NIOHTTP1

/// Copies the changes of a source to a target.
struct ReplicationWorker: Sendable {
    struct Row: Sendable {
        var id: String
        var revisions: [String]
    }

    struct Batch: Sendable {
        var rows: [Row]
        var last: OrderedJSON
    }

    let specification: ReplicationSpecification
    let flavour: Flavour
    let source: RemoteDatabase
    let target: RemoteDatabase

    /// Reads the changes behind a position.
    func changes(since: OrderedJSON, feed: String = "normal") async throws -> Batch {
        let position = (since.string ?? since.text).escapedForQuery
        let style = specification.winnersOnly ? "main_only" : "all_docs"
        var path = "_changes?style=\(style)&feed=\(feed)&since=\(position)&limit=\(specification.batchSize)"
        if feed == "longpoll" { path += "&timeout=10000" }
        let answer: RemoteDatabase.Answer
        do {
            if let ids = specification.documentIDs {
                path += "&filter=_doc_ids"
                answer = try await source.send(
                    .POST, path, body: ["doc_ids": .array(ids.map { .string($0) })])
            } else {
                answer = try await source.send(.GET, path)
            }
        } catch let reason as CrashReason {
            throw CrashReason.changes(reason)
        }
        guard answer.status == 200 else { throw refusal(answer.status, by: source, path) }
        // A page that isn't JSON is what a broken connection would be; without `results` it is an empty feed.
        guard let json = answer.json else {
            throw CrashReason.changes(.request("GET", source.url + path, "{invalid_json}"))
        }
        let results = json["results"]?.elements ?? []
        let rows = results.compactMap { row -> Row? in
            guard let id = row["id"]?.string, !id.isEmpty else { return nil }
            return Row(id: id, revisions: row["changes"]?.elements?.compactMap { $0["rev"]?.string } ?? [])
        }
        // A real replicator goes by the rows. That shows in 1.x, where `last_seq` also counts what has no row, such as
        // a new `_security`.
        if json["last_seq"]?.integer != nil, specification.documentIDs == nil {
            return Batch(rows: rows, last: results.last?["seq"] ?? since)
        }
        return Batch(rows: rows, last: json["last_seq"] ?? since)
    }

    /// Copies what the target lacks; refused documents are counted and left behind.
    func copy(_ rows: [Row], counting counters: inout ReplicationCounters) async throws {
        let asked = rows.map { row in
            OrderedJSON.Member(row.id, .array(row.revisions.map { .string($0) }))
        }
        let answer = try await target.send(.POST, "_revs_diff", body: .object(asked))
        guard answer.status == 200, let difference = answer.json?.members else {
            throw refusal(answer.status, by: target, "_revs_diff")
        }
        var wanted: [(id: String, revision: String)] = []
        for entry in difference {
            for revision in entry.value["missing"]?.elements ?? [] {
                wanted.append((entry.name, revision.string ?? ""))
            }
        }
        counters.revisionsChecked += rows.reduce(0) { $0 + $1.revisions.count }
        counters.missingFound += wanted.count
        guard !wanted.isEmpty else { return }
        let documents = try await fetch(wanted, counting: &counters)
        counters.documentsRead += documents.count
        try await write(documents, counting: &counters)
    }

    private func refusal(_ status: Int, by database: RemoteDatabase, _ path: String) -> CrashReason {
        switch status {
        case 401: .unauthorized(database.url)
        case 403: .forbidden(database.url)
        case 404: .databaseMissing(database.url)
        default: .worker("{http_request_failed,\"\(database.url)\(path)\",{error,{code,\(status)}}}")
        }
    }
}
