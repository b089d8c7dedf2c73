import CouchDB
import Foundation
import Testing

@Suite struct MultipartReaderTests {
    /// A part as a whole.
    struct Part: Equatable {
        var headers: [String]
        var content: String
    }

    @Test(arguments: [
        // As RFC 2046 shows it, with preamble and epilogue.
        "a preamble\r\n--b\r\nA: 1\r\nB:  2\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\nline\r\n--b--\r\nan epilogue\r\n--b--",
        // As CouchDB writes it: nothing before, nothing behind.
        "--b\r\nA: 1\r\nB: 2\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\nline\r\n--b--",
        // White space behind the boundary.
        "\r\n--b  \t\r\nA: 1\r\nB: 2\r\n\r\nfirst\r\n--b \r\n\r\nsecond\r\nline\r\n--b--",
        // A header line without a colon.
        "--b\r\nA: 1\r\nnothing\r\nB: 2\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\nline\r\n--b--\r\n",
    ])
    func twoParts(text: String) throws {
        let bytes = Array(text.utf8)
        for pieces in Pieces.allCuts(of: bytes) {
            #expect(
                try Self.parts(of: pieces, boundary: "b") == [
                    Part(headers: ["a=1", "b=2"], content: "first"), Part(headers: [], content: "second\r\nline"),
                ])
        }
    }

    @Test(arguments: [
        ("\r\n", "\r\n"), ("\r", "\r"), ("x\r\r\n-", "x\r\r\n-"), ("\r\n--", "\r\n--"), ("\r\n--c", "\r\n--c"),
        ("\n--b\n", "\n--b\n"), ("\r\n--bb\r\n", "\r\n--bb\r\n"), ("\r\n--b-\r\n", "\r\n--b-\r\n"),
        ("\r\n--b \t x", "\r\n--b \t x"), ("", ""), ("\r\n-\r\n--\r\n--x", "\r\n-\r\n--\r\n--x"),
    ])
    func whatLooksLikeABoundaryIsContent(content: String, expected: String) throws {
        for pieces in Pieces.allCuts(of: Array("--b\r\n\r\n\(content)\r\n--b--".utf8)) {
            #expect(try Self.parts(of: pieces, boundary: "b") == [Part(headers: [], content: expected)])
        }
    }

    @Test func partsWithoutContent() throws {
        for pieces in Pieces.allCuts(of: Array("--b\r\nA: 1\r\n\r\n--b\r\n\r\n\r\n--b--".utf8)) {
            #expect(
                try Self.parts(of: pieces, boundary: "b") == [
                    Part(headers: ["a=1"], content: ""), Part(headers: [], content: ""),
                ])
        }
    }

    @Test(arguments: ["--b--", "\r\n--b--\r\n", "preamble\r\n--b--"])
    func noParts(text: String) throws {
        for pieces in Pieces.allCuts(of: Array(text.utf8)) { #expect(try Self.parts(of: pieces, boundary: "b") == []) }
    }

    @Test(arguments: [
        "", "--b", "--b\r\n", "--b\r\nA: 1\r\n", "--b\r\n\r\n", "--b\r\n\r\ntext", "--b\r\n\r\ntext\r\n--b",
        "--b\r\n\r\ntext\r\n--b\r\n", "--b\r\n\r\ntext\r\n--b-", "--b\r\n\r\ntext--b--", "--c--",
        "--b\r\nA: 1\r\n--b--",
        // Found by libFuzzer: the boundary within the headers was overlooked where it came in two pieces.
        "--b\r\nA: 1\r\n--b\r\n\r\ntext\r\n--b--",
    ])
    func brokenBodiesAreErrors(text: String) {
        for pieces in Pieces.allCuts(of: Array(text.utf8)) {
            #expect(throws: CouchError(.malformedAnswer, "")) { try Self.parts(of: pieces, boundary: "b") }
        }
    }

    @Test func headersAreBounded() {
        let text = "--b\r\n" + String(repeating: "A: 1\r\n", count: 20_000)
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try Self.parts(of: [ArraySlice(text.utf8)], boundary: "b")
        }
    }

    @Test func impossibleBoundariesAreErrors() {
        #expect(throws: CouchError(.malformedAnswer, "")) { try MultipartReader(boundary: "") }
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try MultipartReader(boundary: String(repeating: "b", count: 257))
        }
    }

    /// Content of any size passes through: nothing is held back but what may begin a boundary.
    @Test func contentIsPassedOnAsItComes() throws {
        var reader = try MultipartReader(boundary: "boundary")
        reader.append(Array("--boundary\r\n\r\n".utf8))
        #expect(try reader.next() == .part(MultipartHeaders()))
        let piece = [UInt8](repeating: 0x61, count: 1 << 16)
        for _ in 0..<64 {
            reader.append(piece)
            #expect(try reader.next() == .bytes(Data(piece)))
            #expect(try reader.next() == nil)
        }
        reader.append(piece + Array("\r\n--bound".utf8))
        #expect(try reader.next() == .bytes(Data(piece)))
        #expect(try reader.next() == nil)
        reader.append(Array("ary--".utf8))
        #expect(try reader.next() == .partEnd)
        #expect(try reader.next() == .end)
        try reader.finish()
    }

    /// Random contents full of beginnings of boundaries come out as they went in.
    @Test(arguments: SeededGenerator.seeds(50))
    func randomContents(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let fragments = [
            "\r", "\n", "-", "--", "\r\n", "\r\n--", "\r\n--boun", "\r\n--boundx", "\r\n--bound-x", "x", "", "\r\n--b",
            "\0",
        ]
        let contents = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                fragments[Int.random(in: 0..<fragments.count, using: &generator)]
            }.joined()
        }
        let text = contents.map { "--bound\r\n\r\n\($0)\r\n" }.joined() + "--bound--"
        let expected = contents.map { Part(headers: [], content: $0) }
        for _ in 0..<20 {
            let pieces = Pieces.random(of: Array(text.utf8), using: &generator)
            #expect(try Self.parts(of: pieces, boundary: "bound") == expected)
        }
    }

    private static func parts(of pieces: some Sequence<ArraySlice<UInt8>>, boundary: String) throws -> [Part] {
        var reader = try MultipartReader(boundary: boundary)
        var parts: [Part] = []
        var content: [UInt8] = []
        for piece in pieces {
            reader.append(piece)
            while let event = try reader.next() {
                switch event {
                case .part(let headers):
                    parts.append(Part(headers: headers.fields.map { "\($0.name)=\($0.value)" }, content: ""))
                    content = []
                case .bytes(let bytes): content += bytes
                case .partEnd: parts[parts.count - 1].content = String(decoding: content, as: UTF8.self)
                case .end: break
                }
            }
        }
        try reader.finish()
        return parts
    }
}
