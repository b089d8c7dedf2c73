import CouchDB
import Foundation
import Testing

@Suite struct AllDocsScannerTests {
    @Test func realAnswerInAllPieces() throws {
        let bytes = try Fixture.bytes("all-docs.json")
        let (rows, total) = try Self.rows(of: [bytes[...]])
        #expect(total == 9)
        #expect(rows.count == 9)
        #expect(rows.first?.id == "_design/view")
        for row in rows {
            let document = try DocumentMembers(of: try #require(row.document))
            #expect(document.id == row.id)
            #expect(document.revision == row.revision)
        }
        for pieces in Pieces.allCuts(of: bytes) { #expect(try Self.rows(of: pieces).rows == rows) }
    }

    @Test func rowsAskedForByID() throws {
        let rows = try Self.rows(of: [try Fixture.bytes("all-docs-keys.json")[...]]).rows
        #expect(rows.map(\.id) == ["plain", "gone", "nothing"])
        #expect(rows.map(\.isDeleted) == [false, true, false])
        #expect(rows.map { $0.revision?.generation } == [1, 2, nil])
    }

    @Test(arguments: [
        #"{"rows":[{"id":"a"}]}"#, #"{"rows":[{"value":{"rev":"1-a"}}]}"#, #"{"rows":[{"id":"a","value":{}}]}"#,
        #"{"rows":[{"id":"a","value":{"rev":"1-a"}}]"#, #"{"total_rows":1}"#, "[]", "",
    ])
    func brokenAnswersAreErrors(text: String) {
        #expect(throws: CouchError.self) { try Self.rows(of: [ArraySlice(text.utf8)]) }
    }

    private static func rows(
        of pieces: some Sequence<ArraySlice<UInt8>>
    ) throws -> (rows: [AllDocsRow], total: Int?) {
        var scanner = AllDocsScanner()
        var rows: [AllDocsRow] = []
        for piece in pieces {
            scanner.append(piece)
            while let row = try scanner.next() { rows.append(row) }
        }
        try scanner.finish()
        return (rows, scanner.totalRows)
    }
}
