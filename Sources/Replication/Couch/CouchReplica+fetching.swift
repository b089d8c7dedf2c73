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
        var rest =
            try await wherePossible { try await bulkGetInParts(wanted, receive: receive) } ?? FetchRest(singly: wanted)
        for group in rest.groupsWithAttachments(limit: limits.attachmentsTogether) {
            try await inParts(group) { rest.singly += try await withAttachments($0, receive: receive) }
        }
        try await openRevisions(rest.singly, receive: receive)
    }

    /// Asks by `_bulk_get`; nil where it is not there, or does not hand out what the user may read.
    func wherePossible<Result>(_ bulkGet: () async throws -> Result) async throws -> Result? {
        guard !remember({ $0.lacksBulkGet }) else { return nil }
        do {
            if try await database.bulkGetsAsUser() { return try await bulkGet() }
        } catch let error as CouchError where Self.isUnsupported(error) {
            // Said before any document came: a server of 1.x, or a proxy in front.
        }
        remember { $0.lacksBulkGet = true }
        return nil
    }

    /// Whether the answer says that the server has no such endpoint, rather than that something went wrong.
    static func isUnsupported(_ error: CouchError) -> Bool {
        guard !error.isDatabaseMissing, let status = error.status else { return error.code == .unsupported }
        return [400, 404, 405, 415, 501].contains(status) || error.code == .unsupported
    }

    /// Asks in halves where a proxy takes no request as large, which is said before anything comes.
    func inParts<Item>(_ items: [Item], ask: (_ part: [Item]) async throws -> Void) async throws {
        do {
            try await ask(items)
        } catch let error as CouchError where error.code == .tooLarge && items.count > 1 {
            let middle = items.count / 2
            try await inParts(Array(items[..<middle]), ask: ask)
            try await inParts(Array(items[middle...]), ask: ask)
        }
    }

    private func bulkGetInParts(
        _ wanted: [WantedRevision], receive: (RevisionAnswer) async throws -> Void
    ) async throws -> FetchRest {
        var rest = FetchRest()
        try await inParts(wanted) { part in
            let more = try await bulkGet(part, receive: receive)
            rest.withAttachments += more.withAttachments
            rest.singly += more.singly
        }
        return rest
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

    /// Fetches revisions document by document, several at a time where there is no other way even for small ones.
    private func openRevisions(
        _ wanted: [WantedRevision], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        let overlaps = remember { $0.lacksBulkGet || $0.lacksMultipartBulkGet }
        try await documentByDocument(
            DocumentRequest.list(wanted, atMost: 100), overlapping: overlaps,
            ask: { request, sizeLimit in try await self.openRevisions(of: request, sizeLimit: sizeLimit) },
            receive: receive)
    }

    private func openRevisions(
        of request: DocumentRequest, sizeLimit: Int?
    ) async throws -> DocumentAnswers<RevisionAnswer> {
        let (id, wanted) = (request.id, request.wanted)
        var collector = RevisionCollector(wanted, threshold: limits.attachmentInMemory, folder: spoolFolder)
        do {
            let answer = try database.openRevisionsWithAttachments(id.text, revisions: wanted.map(\.revision))
            for try await event in answer.limited(to: sizeLimit) {
                // Before they come: what is on its way then can't be called back.
                if let sizeLimit, event.announcedBytes > sizeLimit {
                    throw CouchError(.answerTooLarge, "more than \(sizeLimit) bytes of attachments follow “\(id)”")
                }
                try await collector.take(event)
            }
        } catch let error as CouchError where error.isDocumentMissing || error.code == .invalidInput {
            let word = error.error ?? error.code.rawValue
            return DocumentAnswers(
                answers: wanted.map { $0.unavailable(error: word, reason: error.message) }, size: 0)
        } catch let error as CouchError {
            throw error.ofOneDocument(in: database)
        }
        var answers = collector.answers
        for (item, failure) in collector.unanswered {
            let later = try await revisions(after: item)
            answers.append(
                later.isEmpty
                    ? item.unavailable(
                        error: failure?.error ?? "not_found",
                        reason: failure?.reason ?? "the source has the revision in its feed and doesn't hand it out")
                    : item.given(later))
        }
        return DocumentAnswers(answers: answers, size: answers.reduce(0) { $0 + $1.size })
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

extension RevisionsEvent {
    /// The bytes of the attachments that a document says will follow it.
    fileprivate var announcedBytes: Int {
        guard case .document(_, let members) = self else { return 0 }
        return members.attachments.filter { $0.content == .follows }.reduce(0) { $0 + ($1.partLength ?? 0) }
    }
}

extension RevisionAnswer {
    /// The bytes of what was given.
    fileprivate var size: Int {
        guard case .given(let revisions) = outcome else { return 0 }
        return revisions.reduce(0) { $0 + $1.totalSize }
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
