import CouchDB
import Foundation
import Replication

/// Writes the answer to a `_bulk_get` request.
struct BulkGetAnswer: Sendable {
    let items: [BulkGetItem]
    let reader: BulkGetReader
    let form: DocumentForm

    /// `{"results":[{"id":…,"docs":[{"ok":…},…]},…]}`
    func writeJSON(to output: inout BodyOutput) async throws {
        try await output.write("{\"results\":[")
        var (results, documents) = (0, 0)
        try await reader.read(items) { step in
            switch step {
            case .begin(let id):
                var text = JSONText(results > 0 ? ",{\"id\":" : "{\"id\":")
                text.append(value: id)
                text.append(",\"docs\":[")
                try await output.write(text.bytes)
                (results, documents) = (results + 1, 0)
            case .found(let revision, let since):
                try await output.write(documents > 0 ? ",{\"ok\":" : "{\"ok\":")
                try await output.write(try RenderedDocument(revision, form: form.since(since)))
                try await output.write("}")
                documents += 1
            case .failure:
                var text = JSONText(documents > 0 ? ",{\"error\":" : "{\"error\":")
                text.append(value: step.report)
                text.append("}")
                try await output.write(text.bytes)
                documents += 1
            case .end:
                try await output.write("]}")
            }
        }
        try await output.write("]}\n")
    }

    /// One part for each revision and each failure, with the attachments behind their documents.
    func write(_ multipart: MultipartRevisions, to output: inout BodyOutput) async throws {
        try await multipart.begin(&output)
        try await reader.read(items) { step in
            switch step {
            case .begin, .end: break
            case .found(let revision, let since):
                let asked = form.since(since)
                let sent = asked.attachments == .inline ? asked.withFollowingAttachments : asked
                try await multipart.add(try RenderedDocument(revision, form: sent), to: &output)
            case .failure:
                try await multipart.add(report: step.report.serialized(), to: &output)
            }
        }
        try await multipart.end(&output)
    }
}

extension BulkGetReader.Step {
    /// What is told of a failure; null for anything else.
    fileprivate var report: JSONValue {
        guard case .failure(let id, let revision, let error, let reason) = self else { return .null }
        return ["id": id, "rev": revision, "error": .string(error), "reason": .string(reason)]
    }
}
