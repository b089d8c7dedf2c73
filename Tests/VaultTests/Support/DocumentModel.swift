import CouchDB
import Crypto
import Foundation
import Replication

/// What a vault must hold: revision trees in memory, and what they were at each moment.
struct DocumentModel {
    private(set) var documents: [DocumentID: RevisionTree<Revision>] = [:]
    /// The sizes that attachments may have.
    private let sizes: [Int]

    static let anySizes = [0, 10, 3_000, 70_000, 300_000]

    init(sizes: [Int] = Self.anySizes) { self.sizes = sizes }

    /// Makes a revision on a path of ancestors.
    static func revision(
        _ id: DocumentID, on ancestors: RevisionPath? = nil, isDeleted: Bool = false, members: String = "",
        attachments: [(name: String, bytes: Data)] = []
    ) throws -> Revision {
        let generation = (ancestors?.start ?? 0) + 1
        let text = "\(id.text)\u{1}\(ancestors?.leaf.description ?? "")\u{1}\(isDeleted)\u{1}\(members)\(attachments)"
        let hash = Insecure.MD5.hash(data: Data(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
        let ids = [hash] + (ancestors?.ids ?? [])
        var json = #"{"_id":\#(quoted(id.text)),"_rev":"\#(generation)-\#(hash)","#
        json += #""_revisions":{"start":\#(generation),"ids":[\#(ids.map { "\"\($0)\"" }.joined(separator: ","))]}"#
        if isDeleted { json += #","_deleted":true"# }
        if !members.isEmpty { json += ",\(members)" }
        if !attachments.isEmpty {
            let entries = attachments.map {
                #"\#(quoted($0.name)):{"content_type":"text/plain","length":\#($0.bytes.count),"follows":true}"#
            }
            json += #","_attachments":{\#(entries.joined(separator: ","))}"#
        }
        let document = Data((json + "}").utf8)
        let described = try DocumentMembers(of: document)
        return try Revision(
            document: document, members: described,
            attachments: zip(described.attachments, attachments).map { pair in
                let content: Attachment.Content =
                    pair.1.bytes.count > 50_000 ? .reader(BytesReader(bytes: pair.1.bytes)) : .memory(pair.1.bytes)
                return Attachment(member: pair.0, content: content)
            })
    }

    static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
    }

    mutating func insert(_ revision: Revision) {
        documents[revision.id, default: RevisionTree()].insert(
            revision.path, isDeleted: revision.isDeleted, body: revision)
    }

    /// A random edit of a random document.
    mutating func step(using random: inout SeededGenerator) throws -> Revision {
        let id = DocumentID(["doc", "a/b", "x+y", "🙂", "é", "e\u{301}"].randomElement(using: &random) ?? "doc")
        let name = DocumentID("\(id.text)-\(Int.random(in: 0..<6, using: &random))")
        let tree = documents[name] ?? RevisionTree()
        let leaf = tree.leaves.randomElement(using: &random)
        var ancestors = leaf.flatMap { tree.path(to: $0.id) }
        switch Int.random(in: 0..<10, using: &random) {
        // A conflict: made on an ancestor, or on nothing.
        case 0: ancestors = ancestors.flatMap { RevisionPath(Array($0.revisions.dropFirst())) }
        case 1: ancestors = nil
        // The source has forgotten old ancestors, or the edits between were not seen.
        case 2: ancestors = ancestors?.stemmed(to: 1)
        case 3:
            for number in 0..<3 {
                ancestors = try Self.revision(name, on: ancestors, members: #""skipped":\#(number)"#).path
            }
        default: break
        }
        let number = Int.random(in: 0..<1_000_000, using: &random)
        var attachments: [(name: String, bytes: Data)] = []
        for index in 0..<(Int.random(in: 0..<4, using: &random) == 0 ? 3 : 0) {
            let size = sizes.randomElement(using: &random) ?? 0
            attachments.append(("file \(index)", Data(repeating: UInt8(number % 5), count: size)))
        }
        let revision = try Self.revision(
            name, on: ancestors, isDeleted: Int.random(in: 0..<5, using: &random) == 0,
            members: #""number":\#(number),"text":"some words that documents share""#, attachments: attachments)
        insert(revision)
        return revision
    }

    /// The leaf revisions with the histories that are known.
    var leaves: [LeafPicture] {
        documents.flatMap { id, tree in
            tree.leaves.compactMap { leaf in
                guard let path = tree.path(to: leaf.id), let body = leaf.body else { return nil }
                return LeafPicture(body, path: path)
            }
        }
    }
}

/// A leaf revision without its attachments' bytes, to compare.
struct LeafPicture: Hashable, CustomStringConvertible {
    var id: DocumentID
    var path: RevisionPath
    var isDeleted: Bool
    var document: Data
    var attachments: [AttachmentMember]

    init(_ revision: Revision, path: RevisionPath) {
        (id, self.path, isDeleted) = (revision.id, path, revision.isDeleted)
        (document, attachments) = (revision.document, revision.attachments.map(\.member))
    }

    var description: String { "\(id) \(path.revisions) \(isDeleted) \(document.count)" }
}

/// A large attachment that is read piece by piece.
struct BytesReader: AttachmentReader {
    let bytes: Data
    var size: Int { bytes.count }

    func read(at offset: Int, count: Int) async throws -> Data {
        bytes[min(offset, size)..<min(offset + count, size)]
    }
}

extension Attachment {
    /// All bytes, in small pieces.
    func bytes() async throws -> Data {
        var bytes = Data()
        while bytes.count < size { bytes += try await read(at: bytes.count, count: 100_000) }
        return bytes
    }
}
