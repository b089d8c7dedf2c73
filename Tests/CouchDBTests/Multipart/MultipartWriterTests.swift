import CouchDB
import Foundation
import Testing

@Suite struct MultipartWriterTests {
    /// The writer lays out what CouchDB itself sends for the same revision, to the byte.
    @Test func writesWhatCouchDBWrites() throws {
        let (bytes, type) = (
            try Fixture.bytes("document-attached.multipart"), try Fixture.contentType("document-attached.multipart")
        )
        var reader = try RevisionsReader(contentType: type)
        reader.append(bytes)
        var revision: (document: Data, members: DocumentMembers)?
        var contents: [String: Data] = [:]
        var name = ""
        while let event = try reader.next() {
            switch event {
            case .document(let document, let members): revision = (document, members)
            case .attachment(let attachment): (name, contents[attachment.name]) = (attachment.name, Data())
            case .bytes(let piece): contents[name]?.append(piece)
            default: break
            }
        }
        let (document, members) = try #require(revision)
        let boundary = try #require(MediaType(header: type).parameters["boundary"])
        let writer = try MultipartWriter(document: document, members: members, boundary: boundary)
        let body = Self.body(writer, contents)
        #expect(body == Data(bytes))
        #expect(writer.contentLength == bytes.count)
        #expect(writer.contentType == type)
    }

    @Test(arguments: SeededGenerator.seeds(20))
    func readerReadsWhatTheWriterWrites(seed: UInt64) throws {
        var json = RandomJSON(seed: seed)
        var attachments: [(key: String, value: String)] = []
        var contents: [String: Data] = [:]
        for number in 0..<Int.random(in: 1...5, using: &json.generator) {
            let name = "\(number)" + json.text()
            let count = Int.random(in: 0...300, using: &json.generator)
            contents[name] = Data((0..<count).map { _ in json.pick([0x0d, 0x0a, 0x2d, 0x61, 0x00]) })
            attachments.append((name, #"{"follows":true,"content_type":"a/b","length":\#(count)}"#))
        }
        let document = Data(
            json.object([
                (key: "_id", value: json.string(json.text())), (key: "_attachments", value: json.object(attachments)),
                (key: "x", value: json.value()),
            ]).utf8)
        let writer = try MultipartWriter(document: document, members: DocumentMembers(of: document))
        let body = Self.body(writer, contents)
        #expect(body.count == writer.contentLength)

        var reader = try RevisionsReader(contentType: writer.contentType)
        var found: [String: Data] = [:]
        var name = ""
        for piece in Pieces.random(of: Array(body), using: &json.generator) {
            reader.append(piece)
            while let event = try reader.next() {
                switch event {
                case .document(let bytes, _): #expect(bytes == document)
                case .attachment(let attachment): (name, found[attachment.name]) = (attachment.name, Data())
                case .bytes(let piece): found[name]?.append(piece)
                default: break
                }
            }
        }
        try reader.finish()
        #expect(found == contents)
    }

    @Test func namesCanNotAddHeaders() throws {
        let document = Data(
            #"{"_id":"a","_attachments":{"x\r\n\r\ny\"\\":{"follows":true,"length":0,"content_type":"a\nb"}}}"#.utf8)
        let writer = try MultipartWriter(document: document, members: DocumentMembers(of: document), boundary: "b")
        guard case .bytes(let opening) = try #require(writer.segments.first) else {
            Issue.record("the body doesn't begin with text")
            return
        }
        let text = String(decoding: opening, as: UTF8.self)
        #expect(text.contains("filename=\"x____y__\"\r\nContent-Type: a_b\r\nContent-Length: 0\r\n\r\n"))
    }

    @Test(arguments: [
        #"{"_id":"a"}"#, #"{"_id":"a","_attachments":{"x":{"stub":true,"length":1}}}"#,
        #"{"_id":"a","_attachments":{"x":{"follows":true}}}"#,
        #"{"_id":"a","_attachments":{"x":{"follows":true,"length":-1}}}"#,
    ])
    func documentsThatCanNotBeSentSo(text: String) throws {
        let document = Data(text.utf8)
        let members = try DocumentMembers(of: document)
        #expect(throws: CouchError(.invalidInput, "")) { try MultipartWriter(document: document, members: members) }
    }

    private static func body(_ writer: MultipartWriter, _ contents: [String: Data]) -> Data {
        writer.segments.reduce(into: Data()) { body, segment in
            switch segment {
            case .bytes(let bytes): body.append(bytes)
            case .attachment(let attachment, let length):
                let content = contents[attachment.name] ?? Data()
                #expect(content.count == length)
                body.append(content)
            }
        }
    }
}
