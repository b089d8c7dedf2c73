import CouchDB
import Crypto
import Foundation

@testable import Replication

/// Copies leaf revisions, and changes the content of some of them under the same revision.
struct PlantedContent {
    private(set) var revisions: [Revision]
    /// The documents whose bodies were changed.
    private(set) var bodies: Set<DocumentID> = []
    /// The documents of which an attachment was changed.
    private(set) var attachments: Set<DocumentID> = []

    init(_ revisions: [Revision]) { self.revisions = revisions }

    /// Changes about one of so many revisions, half of those in an attachment where they have one; and spells others in
    /// another way, which is no difference.
    mutating func plant(oneOf number: Int, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for index in revisions.indices {
            let id = revisions[index].id
            guard Int.random(in: 0..<number, using: &random) == 0 else {
                if Bool.random(using: &random) { try respell(index) }
                continue
            }
            if revisions[index].attachments.contains(where: { $0.size > 0 }), Bool.random(using: &random) {
                try changeAttachment(index)
                attachments.insert(id)
            } else {
                try change(index) { $0.replacingOccurrences(of: "{", with: #"{"planted":1,"#, options: .anchored) }
                bodies.insert(id)
            }
        }
        // A document is told once, by the worse of its differences.
        attachments.subtract(bodies)
    }

    /// Changes each body.
    mutating func plantBodies() throws {
        for index in revisions.indices {
            try change(index) { $0.replacingOccurrences(of: "{", with: #"{"planted":1,"#, options: .anchored) }
        }
    }

    /// Changes an attachment of each.
    mutating func plantAttachments() throws {
        for index in revisions.indices { try changeAttachment(index) }
    }

    private mutating func change(_ index: Int, _ body: (String) -> String) throws {
        let old = revisions[index]
        let text = body(String(decoding: old.document, as: UTF8.self))
        let members = try DocumentMembers(of: Data(text.utf8))
        revisions[index] = try Revision(
            document: Data(text.utf8), members: members,
            attachments: zip(members.attachments, old.attachments).map { Attachment(member: $0, content: $1.content) })
    }

    private mutating func respell(_ index: Int) throws {
        try change(index) { text in
            // The first member, which is `_id`, goes last, with space around it.
            guard let comma = text.range(of: #"","_rev""#) else { return text }
            let first = text[text.index(after: text.startIndex)..<text.index(after: comma.lowerBound)]
            let rest = text[text.index(after: text.index(after: comma.lowerBound))...].dropLast()
            return "{ \(rest) ,\n \(first) }"
        }
    }

    private mutating func changeAttachment(_ index: Int) throws {
        guard let place = revisions[index].attachments.firstIndex(where: { $0.size > 0 }),
            case .memory(var bytes) = revisions[index].attachments[place].content
        else { return }
        let old = "md5-" + Data(Insecure.MD5.hash(data: bytes)).base64EncodedString()
        bytes[bytes.startIndex] ^= 1
        let new = "md5-" + Data(Insecure.MD5.hash(data: bytes)).base64EncodedString()
        revisions[index].attachments[place].content = .memory(bytes)
        try change(index) { $0.replacingOccurrences(of: old, with: new) }
    }
}

extension BodyComparator {
    /// Runs, and collects what it finds in the order of ids.
    func collect() async throws -> (report: BodyReport, found: [Difference]) {
        var found: [Difference] = []
        let report = try await run { found.append($0) }
        return (report, found.sorted { $0.id < $1.id })
    }

    /// Short pauses, few attempts.
    static func test(_ source: any ComparableReplica, _ target: any ComparableReplica) -> BodyComparator {
        var comparator = BodyComparator(source, target)
        comparator.options = .test()
        return comparator
    }
}
