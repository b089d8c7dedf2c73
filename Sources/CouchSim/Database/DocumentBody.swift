import CouchDB

/// What is kept of one revision: its members as JSON text, and its attachments.
struct DocumentBody: Sendable, Hashable {
    /// The members that don't begin with an underscore, serialized without the braces.
    var members: [UInt8]
    /// The attachments, in the order in which they are served.
    var attachments: [Attachment] = []

    static let empty = DocumentBody(members: [])
}

/// A document as CouchDB keeps it.
struct StoredDocument: Sendable {
    var tree = RevisionTree<DocumentBody>()
    /// The position of its newest change in the feed.
    var sequence = 0
}

/// A local document: not replicated, without history.
struct LocalDocument: Sendable {
    /// The N of its revision `0-N`.
    var generation: Int
    var members: [UInt8]

    var revision: String { "0-\(generation)" }

    func json(id: String) -> OrderedJSON {
        .document([OrderedJSON.Member("_id", .string(id)), OrderedJSON.Member("_rev", .string(revision))], members)
    }
}

extension OrderedJSON {
    /// A document of its leading members, the text of its own members, and trailing ones.
    static func document(_ head: [Member], _ members: [UInt8], _ tail: [Member] = []) -> OrderedJSON {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        write(head, to: &bytes)
        if !members.isEmpty {
            if !head.isEmpty { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: members)
        }
        if !tail.isEmpty {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            write(tail, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return .raw(bytes)
    }
}
