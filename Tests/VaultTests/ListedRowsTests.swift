import CouchDB
import Replication
import Testing

@testable import Vault

@Suite("What the feed has listed is at hand for the reading that follows")
struct ListedRowsTests {
    @Test("Read in any order and again, a moment gives the same")
    func readsAgain() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        let revisions = try (0..<300).map { number in
            try DocumentModel.revision(DocumentID("doc-\(number)"), members: #""v":\#(number)"#)
        }
        _ = try await database.store(revisions, checkpoint: nil)
        let moment = try await database.seal(minute: 1)
        let past = database.at(moment)
        let feed = try await past.feed()
        #expect(past.listed?.take("doc-7")?.count == 1)
        // Later edits don't show through what is at hand, nor where nothing is.
        for revision in revisions {
            let edit = try DocumentModel.revision(revision.id, on: revision.path, members: #""v":"later""#)
            _ = try await database.store([edit], checkpoint: nil)
        }
        for order in [feed, feed.reversed(), feed.shuffled()] {
            var found: [Revision] = []
            try await past.revisions(order) { answer in
                guard case .given(let given) = answer.outcome else { return }
                found += given
            }
            #expect(Set(found.map(\.document)) == Set(revisions.map(\.document)))
            #expect(past.listed?.take("doc-8") == nil, "each is taken once")
        }
    }

    @Test("Only so many are kept, and none where nobody takes any")
    func limit() throws {
        let rows = ListedRows(limit: 10)
        func keep(_ number: Int) {
            let ids = (0..<3).map { DocumentID("\(number)-\($0)") }
            rows.keep(ids.map { DocumentLeaves(id: $0, revisions: []) }, ids.map { _ in [] })
        }
        for number in 0..<3 { keep(number) }
        #expect(rows.take("1-0") != nil)
        #expect(rows.take("1-0") == nil)
        for number in 3..<5 { keep(number) }
        #expect(rows.take("1-1") == nil, "they gave way")
        #expect(rows.take("4-1") != nil)
        for number in 5..<20 { keep(number) }
        #expect((5..<20).allSatisfy { rows.take(DocumentID("\($0)-0")) == nil })
    }
}
