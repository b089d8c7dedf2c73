import CouchDB
import Foundation
import Replication

/// Writes the answer to a `_bulk_get` request.
struct BulkGetWriter: Sendable {
    let replica: any ServableReplica
    let form: DocumentForm
    let isLatest: Bool

    private var fetch: OrderedFetch { OrderedFetch(replica: replica) }

    func write(_ items: [BulkGetItem], to output: inout BodyOutput) async throws {
        try await output.write("{\"results\":[")
        var start = 0
        while start < items.count {
            if start > 0 { try await output.write(",") }
            let run = Self.run(of: items, from: start)
            if run.isEmpty {
                try await write(items[start], to: &output)
                start += 1
            } else {
                try await write(run, to: &output)
                start += run.count
            }
        }
        try await output.write("]}\n")
    }

    /// A revision that is named, and what the client has of its attachments.
    private struct Named {
        var item: OrderedFetch.Item
        var attachmentsSince: [RevisionID]
    }

    /// The items from one on that name a revision: they are fetched together.
    private static func run(of items: [BulkGetItem], from start: Int) -> [Named] {
        var run: [Named] = []
        for case .revision(let id, let revision, let since) in items[start...].prefix(while: \.isNamed) {
            run.append(Named(item: OrderedFetch.Item(id: id, revision: revision), attachmentsSince: since))
        }
        return run
    }

    private func write(_ run: [Named], to output: inout BodyOutput) async throws {
        try await fetch.run(run.map(\.item)) { index, outcome in
            let (asked, since) = (run[index].item, run[index].attachmentsSince)
            if index > 0 { try await output.write(",") }
            try await begin(asked.id, &output)
            var isFirst = true
            if case .given(let revisions) = outcome {
                for revision in revisions where isLatest || revision.revision == asked.revision {
                    try await write(revision, since: since, isFirst: &isFirst, to: &output)
                }
            }
            if isFirst {
                let reason = outcome.refusal
                try await output.write(
                    Self.failure(
                        id: .string(asked.id.text), revision: .string(asked.revision.description),
                        error: reason?.error ?? "not_found", reason: reason?.reason ?? "missing"))
            }
            try await output.write("]}")
        }
    }

    private func write(_ item: BulkGetItem, to output: inout BodyOutput) async throws {
        switch item {
        case .leaves(let id, let since):
            try await begin(id, &output)
            let leaves = try await replica.leaves(of: id).map(\.revision).sorted()
            var isFirst = true
            try await fetch.opened(
                leaves.map { OrderedFetch.Item(id: id, revision: $0) }, isLatest: true
            ) { entry in
                guard case .found(let revision) = entry else { return }
                try await write(revision, since: since, isFirst: &isFirst, to: &output)
            }
            if isFirst {
                try await output.write(
                    Self.failure(
                        id: .string(id.text), revision: "undefined", error: "not_found", reason: "missing"))
            }
        case .invalid(let id, let revision, let reason):
            var text = JSONText("{\"id\":")
            text.append(value: id)
            text.append(",\"docs\":[")
            try await output.write(text.bytes)
            try await output.write(
                Self.failure(id: id, revision: revision, error: "bad_request", reason: reason))
        case .revision: break
        }
        try await output.write("]}")
    }

    private func begin(_ id: DocumentID, _ output: inout BodyOutput) async throws {
        var text = JSONText("{\"id\":")
        text.append(string: id.text)
        text.append(",\"docs\":[")
        try await output.write(text.bytes)
    }

    private func write(
        _ revision: Revision, since: [RevisionID], isFirst: inout Bool, to output: inout BodyOutput
    ) async throws {
        var form = form
        if !since.isEmpty { form.attachmentsSince = since }
        try await output.write(isFirst ? "{\"ok\":" : ",{\"ok\":")
        isFirst = false
        try await output.write(try RenderedDocument(revision, form: form))
        try await output.write("}")
    }

    private static func failure(
        id: JSONValue, revision: JSONValue, error: String, reason: String
    ) -> Data {
        var text = JSONText("{\"error\":")
        text.append(value: ["id": id, "rev": revision, "error": .string(error), "reason": .string(reason)])
        text.append("}")
        return text.bytes
    }
}

extension BulkGetItem {
    fileprivate var isNamed: Bool {
        if case .revision = self { true } else { false }
    }
}

extension RevisionAnswer.Outcome {
    /// Why the replica does not hand a revision out, where it is not just missing.
    fileprivate var refusal: Refusal? {
        if case .unavailable(let refusal) = self { refusal } else { nil }
    }
}
