import CouchDB
import Foundation

extension CouchReplica {
    package func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        let wanted = wanted.flatMap { document in
            document.revisions.map { WantedRevision(id: document.id, revision: $0) }
        }
        guard !wanted.isEmpty else { return }
        var rest = FetchRest()
        if try await !mayBulkGet() {
            rest.singly = wanted
        } else {
            do {
                rest = try await bulkGet(wanted, receive: receive)
            } catch let error as CouchError where Self.isUnsupported(error) {
                // Said before any document came: a server of 1.x, or a proxy in front.
                remember { $0.lacksBulkGet = true }
                rest.singly = wanted
            }
        }
        for group in rest.groupsWithAttachments(limit: limits.attachmentsTogether) {
            rest.singly += try await withAttachments(group, receive: receive)
        }
        try await openRevisions(rest.singly, receive: receive)
    }

    /// Whether `_bulk_get` is there and hands out what the user may read, as far as is known.
    func mayBulkGet() async throws -> Bool {
        guard !remember({ $0.lacksBulkGet }) else { return false }
        guard try await !database.bulkGetsAsUser() else { return true }
        remember { $0.lacksBulkGet = true }
        return false
    }

    /// Whether the answer says that the server has no such endpoint, rather than that something went wrong.
    static func isUnsupported(_ error: CouchError) -> Bool {
        guard !error.isDatabaseMissing, let status = error.status else { return error.code == .unsupported }
        return [400, 404, 405, 415, 501].contains(status) || error.code == .unsupported
    }

    /// Fetches what has no attachments, and tells what is left to be fetched in other ways.
    private func bulkGet(
        _ wanted: [WantedRevision], receive: (RevisionAnswer) async throws -> Void
    ) async throws -> FetchRest {
        var rest = FetchRest()
        var index = 0
        var revisions: [Revision] = []
        var attachmentBytes: Int?
        var failure: BulkGetFailure?
        var iterator = database.bulkGet(wanted.map(\.request)).makeAsyncIterator()
        while case let events = try await iterator.nextEvents(atMost: 32), !events.isEmpty {
            for event in events {
                switch event {
                case .document(let document, let members):
                    if members.attachments.isEmpty {
                        revisions.append(try Revision(document: document, members: members))
                    } else {
                        attachmentBytes = members.attachments.reduce(attachmentBytes ?? 0) { $0 + ($1.length ?? 0) }
                    }
                case .failure(let told):
                    failure = told
                case .answered:
                    guard index < wanted.count else {
                        throw CouchError(.malformedAnswer, "_bulk_get answers more than it was asked for")
                    }
                    let item = wanted[index]
                    if let attachmentBytes {
                        rest.withAttachments.append((item, attachmentBytes))
                    } else if failure != nil || revisions.isEmpty {
                        // A second look, by another way, before the revision is given up.
                        rest.singly.append(item)
                    } else {
                        guard revisions.allSatisfy(item.isAnswered(by:)) else {
                            throw CouchError(
                                .malformedAnswer,
                                "_bulk_get answers another revision than \(item.revision) of “\(item.id)”"
                            )
                        }
                        try await receive(item.given(revisions))
                    }
                    (revisions, attachmentBytes, failure) = ([], nil, nil)
                    index += 1
                case .end:
                    break
                }
            }
        }
        guard index == wanted.count else {
            throw CouchError(.malformedAnswer, "_bulk_get answers \(index) of \(wanted.count) revisions")
        }
        return rest
    }

    /// Fetches revisions with small attachments together, and tells what is left to be fetched one by one.
    private func withAttachments(
        _ wanted: [WantedRevision], receive: (RevisionAnswer) async throws -> Void
    ) async throws -> [WantedRevision] {
        guard wanted.count > 1, !remember({ $0.lacksMultipartBulkGet }) else { return wanted }
        var collector = RevisionCollector(wanted, threshold: limits.attachmentInMemory, folder: spoolFolder)
        do {
            for try await event in database.bulkGetWithAttachments(wanted.map(\.request)) {
                try await collector.take(event)
            }
        } catch let error as CouchError where Self.isUnsupported(error) {
            remember { $0.lacksMultipartBulkGet = true }
            return wanted
        }
        for answer in collector.answers { try await receive(answer) }
        return collector.unanswered.map(\.wanted)
    }

    /// Fetches revisions document by document.
    private func openRevisions(
        _ wanted: [WantedRevision], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        var byDocument: [DocumentID: [WantedRevision]] = [:]
        for item in wanted { byDocument[item.id, default: []].append(item) }
        for (id, items) in byDocument {
            // The revisions go into the URL, which servers limit to some 7,000 characters.
            for start in stride(from: 0, to: items.count, by: 100) {
                let part = Array(items[start..<min(start + 100, items.count)])
                try await openRevisions(of: id, part, receive: receive)
            }
        }
    }

    private func openRevisions(
        of id: DocumentID, _ wanted: [WantedRevision], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        var collector = RevisionCollector(wanted, threshold: limits.attachmentInMemory, folder: spoolFolder)
        do {
            let answer = try database.openRevisionsWithAttachments(id.text, revisions: wanted.map(\.revision))
            for try await event in answer { try await collector.take(event) }
        } catch let error as CouchError where error.isDocumentMissing || error.code == .invalidInput {
            for item in wanted {
                try await receive(item.unavailable(error: error.error ?? error.code.rawValue, reason: error.message))
            }
            return
        }
        for answer in collector.answers { try await receive(answer) }
        for (item, failure) in collector.unanswered {
            let later = try await revisions(after: item)
            guard later.isEmpty else {
                try await receive(item.given(later))
                continue
            }
            try await receive(
                item.unavailable(
                    error: failure?.error ?? "not_found",
                    reason: failure?.reason ?? "the source has the revision in its feed and doesn't hand it out"))
        }
    }
}

extension CouchReplica {
    /// What has replaced a revision since the feed listed it, where the source has forgotten the old one already, as with a
    /// small `_revs_limit`; nothing where it lists none with more edits.
    private func revisions(after item: WantedRevision) async throws -> [Revision] {
        // It may be replaced again before it is asked for.
        for _ in 0..<3 {
            let leaves = try await leaves(of: [item.id]).first?.revisions ?? []
            let later = leaves.filter { $0.generation > item.revision.generation }
            guard !later.isEmpty, !leaves.contains(item.revision) else { return [] }
            let wanted = later.map { WantedRevision(id: item.id, revision: $0) }
            var collector = RevisionCollector(wanted, threshold: limits.attachmentInMemory, folder: spoolFolder)
            let answer = try database.openRevisionsWithAttachments(item.id.text, revisions: later)
            for try await event in answer { try await collector.take(event) }
            guard collector.unanswered.isEmpty else { continue }
            return collector.given
        }
        return []
    }
}

/// What a first `_bulk_get` leaves to be fetched in other ways.
struct FetchRest {
    /// Revisions with attachments, and the bytes of those.
    var withAttachments: [(WantedRevision, bytes: Int)] = []
    /// Revisions that are to be asked for one by one.
    var singly: [WantedRevision] = []

    /// The revisions with attachments in groups of not too many bytes; a larger one stands alone.
    func groupsWithAttachments(limit: Int) -> [[WantedRevision]] {
        var groups: [[WantedRevision]] = []
        var size = 0
        for (item, bytes) in withAttachments {
            if !groups.isEmpty, size + bytes <= limit {
                groups[groups.count - 1].append(item)
                size += bytes
            } else {
                groups.append([item])
                size = bytes
            }
        }
        return groups
    }
}
