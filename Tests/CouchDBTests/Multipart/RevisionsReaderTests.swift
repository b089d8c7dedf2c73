import CouchDB
import Foundation
import Testing

@Suite struct RevisionsReaderTests {
    /// A revision as a whole, or what is said instead of one.
    enum Item: Equatable {
        case revision(id: String, leaf: String?, attachments: [String: Data])
        case missing(String)
        case failure(String)
    }

    @Test func attachmentsOfARealRevision() throws {
        let binary = Data(try Fixture.bytes("bytes.bin"))
        for name in ["open-revs-attached.multipart", "bulk-get-attached.multipart", "document-attached.multipart"] {
            let items = try Self.items(of: [Fixture.bytes(name)[...]], contentType: Fixture.contentType(name))
            guard case .revision("attached", let leaf, let attachments) = try #require(items.first) else {
                Issue.record("\(name): \(items)")
                continue
            }
            #expect(leaf?.hasPrefix("2-") == true)
            #expect(attachments.keys.sorted() == ["bytes.bin", "empty", "second.bin", "text é.txt"])
            #expect(attachments["bytes.bin"] == binary)
            #expect(attachments["empty"] == Data())
            #expect(attachments["second.bin"] == Data([0, 1, 2]))
            // Stored compressed, and sent so.
            #expect(attachments["text é.txt"]?.prefix(2) == Data([0x1f, 0x8b]))
            #expect(attachments["text é.txt"]?.count == 63)
        }
    }

    @Test(arguments: [
        "open-revs-attached.multipart", "open-revs-attached-since.multipart", "open-revs-conflict.multipart",
        "open-revs-missing.multipart", "document-attached.multipart", "bulk-get-attached.multipart",
    ])
    func realAnswersReadTheSameInAllPieces(name: String) throws {
        let (bytes, type) = (try Fixture.bytes(name), try Fixture.contentType(name))
        let items = try Self.items(of: [bytes[...]], contentType: type)
        #expect(!items.isEmpty)
        for pieces in Pieces.allCuts(of: bytes) {
            let found = try Self.items(of: pieces, contentType: type)
            guard found == items else {
                #expect(found == items, "pieces \(pieces.map(\.count))")
                return
            }
        }
    }

    @Test func otherItemsOfRealAnswers() throws {
        func items(_ name: String) throws -> [Item] {
            try Self.items(of: [Fixture.bytes(name)[...]], contentType: Fixture.contentType(name))
        }
        #expect(try items("open-revs-missing.multipart") == [.missing("9-ffff")])
        #expect(
            try items("open-revs-conflict.multipart") == [
                .revision(id: "conflict", leaf: "2-bbbb", attachments: [:]),
                .revision(id: "conflict", leaf: "3-cccc", attachments: [:]),
                .revision(id: "conflict", leaf: "3-eeee", attachments: [:]), .missing("9-ffff"),
            ])
        #expect(try items("open-revs-attached.multipart").last == .missing("9-ffff"))
        #expect(try items("bulk-get-attached.multipart").last == .failure("1-aa not_found"))
        // Only what is newer than `atts_since` follows.
        guard case .revision(_, _, let attachments) = try items("open-revs-attached-since.multipart").first else {
            Issue.record("no revision")
            return
        }
        #expect(attachments.keys.sorted() == ["second.bin"])
    }

    /// Before 1.4 parts have no headers at all.
    @Test func partsWithoutHeaders() throws {
        let document = #"{"_id":"a","_attachments":{"z":{"follows":true,"length":2},"a":{"follows":true}}}"#
        let inner = "--i\r\n\r\n\(document)\r\n--i\r\n\r\nzz\r\n--i\r\n\r\na\r\n--i--"
        let text =
            "--o\r\nContent-Type: multipart/related; boundary=i\r\n\r\n\(inner)\r\n--o\r\n\r\n{\"_id\":\"b\"}\r\n--o--"
        for pieces in Pieces.allCuts(of: Array(text.utf8)) {
            #expect(
                try Self.items(of: pieces, contentType: "multipart/mixed; boundary=o") == [
                    .revision(id: "a", leaf: nil, attachments: ["z": Data("zz".utf8), "a": Data("a".utf8)]),
                    .revision(id: "b", leaf: nil, attachments: [:]),
                ])
        }
    }

    /// An answer that ends too early is never taken for a whole one, wherever it was cut off.
    @Test(arguments: ["open-revs-attached.multipart", "document-attached.multipart", "open-revs-conflict.multipart"])
    func noTruncatedAnswerIsComplete(name: String) throws {
        let (bytes, type) = (try Fixture.bytes(name), try Fixture.contentType(name))
        let lastHyphen = try #require(bytes.lastIndex(of: UInt8(ascii: "-")))
        for length in 0..<lastHyphen {
            #expect(throws: CouchError(.malformedAnswer, "")) {
                try Self.items(of: [bytes[..<length]], contentType: type)
            }
        }
    }

    @Test(arguments: [
        // Fewer and more attachments than the document has, and one that is too short.
        "--i\r\n\r\n{\"_id\":\"a\",\"_attachments\":{\"x\":{\"follows\":true}}}\r\n--i--",
        "--i\r\n\r\n{\"_id\":\"a\"}\r\n--i\r\n\r\nx\r\n--i--",
        "--i\r\n\r\n{\"_id\":\"a\",\"_attachments\":{\"x\":{\"stub\":true}}}\r\n--i\r\n\r\nx\r\n--i--",
        "--i\r\n\r\n{\"_id\":\"a\",\"_attachments\":{\"x\":{\"follows\":true,\"length\":3}}}\r\n--i\r\n\r\nxx\r\n--i--",
        "--i\r\n\r\n{\"_id\":\"a\"\r\n--i--", "--i--",
    ])
    func contradictionsAreErrors(inner: String) {
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try Self.items(of: [ArraySlice(inner.utf8)], contentType: "multipart/related; boundary=i")
        }
        let outer = "--o\r\nContent-Type: multipart/related; boundary=i\r\n\r\n\(inner)\r\n--o--"
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try Self.items(of: [ArraySlice(outer.utf8)], contentType: "multipart/mixed; boundary=o")
        }
    }

    @Test(arguments: [
        "--o\r\nContent-Type: text/html\r\n\r\n<html>\r\n--o--",
        "--o\r\nContent-Type: multipart/related\r\n\r\n\r\n--o--",
        "--o\r\nContent-Type: application/json; error=\"true\"\r\n\r\n{}\r\n--o--",
        "--o\r\nContent-Type: application/json; error=\"true\"\r\n\r\n<\r\n--o--",
        "--o\r\n\r\n{\"_id\":\"a\",\"_attachments\":{\"x\":{\"follows\":true}}}\r\n--o--",
    ])
    func partsThatHoldNoRevisionAreErrors(text: String) {
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try Self.items(of: [ArraySlice(text.utf8)], contentType: "multipart/mixed; boundary=o")
        }
    }

    @Test(arguments: [
        "application/json", "text/html; charset=utf-8", "multipart/mixed", "multipart/form-data; boundary=x",
    ])
    func otherTypesAreErrors(contentType: String) {
        #expect(throws: CouchError(.malformedAnswer, "")) { try RevisionsReader(contentType: contentType) }
    }

    @Test func documentsAreBoundedAttachmentsNot() throws {
        let name = "open-revs-attached.multipart"
        let (bytes, contentType) = (try Fixture.bytes(name), try Fixture.contentType(name))
        // The document has 733 bytes, and the largest of its attachments 790.
        #expect(try Self.items(of: [bytes[...]], contentType: contentType, limit: 733).count == 2)
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try Self.items(of: [bytes[...]], contentType: contentType, limit: 732)
        }
    }

    private static func items(
        of pieces: some Sequence<ArraySlice<UInt8>>, contentType: String, limit: Int = 1 << 20
    ) throws -> [Item] {
        var reader = try RevisionsReader(contentType: contentType, maximumDocumentSize: limit)
        var items: [Item] = []
        var attachments: [String: Data] = [:]
        var members: DocumentMembers?
        var (name, content) = ("", Data())
        for piece in pieces {
            reader.append(piece)
            while let event = try reader.next() {
                switch event {
                case .document(_, let found): (members, attachments) = (found, [:])
                case .attachment(let attachment): (name, content) = (attachment.name, Data())
                case .bytes(let bytes): content.append(bytes)
                case .attachmentEnd: attachments[name] = content
                case .revisionEnd:
                    items.append(
                        .revision(
                            id: members?.id ?? "", leaf: members?.revision?.description, attachments: attachments))
                case .missing(let revision): items.append(.missing(revision))
                case .failure(let failure): items.append(.failure("\(failure.revision ?? "") \(failure.error)"))
                case .end: break
                }
            }
        }
        try reader.finish()
        return items
    }
}
