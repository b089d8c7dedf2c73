import Foundation

/// Reads one revision from a `multipart/related` body: the document, then the attachments that follow it.
struct RevisionPartReader: Sendable {
    private enum Content {
        case none
        case document(Data)
        case attachment(AttachmentMember, received: Int)
    }

    private let maximumDocumentSize: Int
    private var reader: MultipartReader
    private var content = Content.none
    private var id: String?
    /// The attachments of which no part has come yet, the next one last.
    private var awaited: [AttachmentMember] = []
    private var hasEnded = false

    init(type: MediaType, maximumDocumentSize: Int) throws(CouchError) {
        self.maximumDocumentSize = maximumDocumentSize
        reader = try MultipartReader(boundary: type.boundary())
    }

    mutating func append(_ bytes: some Collection<UInt8>) { reader.append(bytes) }

    /// Returns the next event up to ``RevisionsEvent/revisionEnd``.
    mutating func next() throws(CouchError) -> RevisionsEvent? {
        while let event = try reader.next() {
            switch event {
            case .part:
                if let begun = try beginPart() { return begun }
            case .bytes(let bytes):
                if let passed = try take(bytes) { return passed }
            case .partEnd:
                return try endPart()
            case .end:
                guard let id else { throw CouchError(.malformedAnswer, "a revision comes without its document") }
                guard awaited.isEmpty else {
                    throw CouchError(
                        .malformedAnswer, "\(awaited.count) attachments of the document “\(id)” don't follow it")
                }
                hasEnded = true
                return .revisionEnd
            }
        }
        return nil
    }

    func finish() throws(CouchError) {
        guard hasEnded else { throw CouchError(.malformedAnswer, "a revision is cut off") }
    }

    private mutating func beginPart() throws(CouchError) -> RevisionsEvent? {
        guard let id else {
            content = .document(Data())
            return nil
        }
        guard let next = awaited.popLast() else {
            throw CouchError(.malformedAnswer, "more attachments follow the document “\(id)” than it has")
        }
        content = .attachment(next, received: 0)
        return .attachment(next)
    }

    private mutating func take(_ bytes: Data) throws(CouchError) -> RevisionsEvent? {
        let old = content
        content = .none
        switch old {
        case .document(var document):
            document.append(bytes)
            try RevisionsReader.check(size: document.count, limit: maximumDocumentSize)
            content = .document(document)
            return nil
        case .attachment(let attachment, let received):
            content = .attachment(attachment, received: received + bytes.count)
            return .bytes(bytes)
        case .none:
            return nil
        }
    }

    private mutating func endPart() throws(CouchError) -> RevisionsEvent? {
        switch content {
        case .document(let document):
            let members = try DocumentMembers(of: document)
            id = members.id
            awaited = members.attachments.filter { $0.content == .follows }.reversed()
            return .document(document, members)
        case .attachment(let attachment, let received):
            guard let length = attachment.partLength, length != received else { return .attachmentEnd }
            throw CouchError(
                .malformedAnswer,
                "the attachment “\(attachment.name)” of the document “\(id ?? "")” comes with \(received) of its \(length) bytes"
            )
        case .none:
            return nil
        }
    }
}
