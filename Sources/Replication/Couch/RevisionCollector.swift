import CouchDB
import Foundation
import SystemPackage

/// Puts revisions with their attachments together from a multipart answer.
struct RevisionCollector {
    private let wanted: [WantedRevision]
    private let threshold: Int
    private let folder: FilePath
    private var revisions: [[Revision]]
    private var failures: [Int: BulkGetFailure] = [:]
    private var document: (bytes: Data, members: DocumentMembers)?
    private var attachments: [Attachment] = []
    private var attachment: AttachmentCollector?

    init(_ wanted: [WantedRevision], threshold: Int, folder: FilePath) {
        self.wanted = wanted
        self.threshold = threshold
        self.folder = folder
        revisions = Array(repeating: [], count: wanted.count)
    }

    /// The answers to those that were given.
    var answers: [RevisionAnswer] {
        zip(wanted, revisions).compactMap { item, revisions in revisions.isEmpty ? nil : item.given(revisions) }
    }

    /// All revisions that were given.
    var given: [Revision] { revisions.flatMap(\.self) }

    /// What was not given, with the server's reason where it told one.
    var unanswered: [(wanted: WantedRevision, failure: BulkGetFailure?)] {
        wanted.indices.filter { revisions[$0].isEmpty }.map { (wanted[$0], failures[$0]) }
    }

    mutating func take(_ event: RevisionsEvent) async throws {
        switch event {
        case .document(let bytes, let members):
            document = (bytes, members)
        case .attachment(let member):
            attachment = AttachmentCollector(member, threshold: threshold, folder: folder)
        case .bytes(let bytes):
            try await attachment?.append(bytes)
        case .attachmentEnd:
            if let finished = try attachment?.finish() { attachments.append(finished) }
            attachment = nil
        case .revisionEnd:
            try endRevision()
        case .failure(let failure):
            for (index, item) in wanted.enumerated()
            where failure.id.map({ DocumentID($0) }) == item.id && failure.revision == item.revision.description {
                failures[index] = failure
            }
        case .missing, .end:
            break
        }
    }

    private mutating func endRevision() throws {
        guard let document else { return }
        let revision = try Revision(document: document.bytes, members: document.members, attachments: attachments)
        (self.document, attachments) = (nil, [])
        let answered = wanted.indices.filter { wanted[$0].isAnswered(by: revision) }
        guard !answered.isEmpty else {
            throw CouchError(
                .malformedAnswer,
                "the answer holds \(revision.revision) of “\(revision.id)”, which was not asked for")
        }
        for index in answered where !revisions[index].contains(where: { $0.revision == revision.revision }) {
            revisions[index].append(revision)
        }
    }
}
