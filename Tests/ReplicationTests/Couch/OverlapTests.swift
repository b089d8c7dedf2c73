import CouchDB
import Testing

@testable import Replication

@Suite struct OverlapTests {
    private func overlap(calls: Int) -> Overlap {
        var overlap = Overlap(limit: 16)
        for _ in 0..<calls { overlap.callBegan() }
        return overlap
    }

    @Test func callsShareWhatIsAllowed() {
        #expect(overlap(calls: 1).share == 16 && overlap(calls: 3).share == 5 && overlap(calls: 4).share == 4)
        #expect(overlap(calls: 40).share == 1)
        var ended = overlap(calls: 4)
        for _ in 0..<3 { ended.callEnded() }
        #expect(ended.share == 16)
    }

    @Test func largeAnswersComeAlone() {
        var overlap = overlap(calls: 1)
        overlap.answered(isLarge: true, in: .seconds(20))
        #expect(overlap.share == 1)
        overlap.answered(isLarge: false, in: .milliseconds(45))
        #expect(overlap.share == 2)
        for _ in 0..<40 { overlap.answered(isLarge: false, in: .milliseconds(45)) }
        #expect(overlap.share == 16)
    }

    @Test func halvesAfterFailuresAndRecovers() {
        var overlap = overlap(calls: 1)
        overlap.failed()
        #expect(overlap.share == 8)
        for _ in 0..<5 { overlap.failed() }
        #expect(overlap.share == 1)
        overlap.answered(isLarge: false, in: .milliseconds(45))
        #expect(overlap.share == 1, "slowly, as the server has asked for it")
        for _ in 0..<400 { overlap.answered(isLarge: false, in: .milliseconds(45)) }
        #expect(overlap.share == 16)
    }

    @Test func keepsTheOrderOfDocuments() {
        func wanted(_ id: DocumentID, _ generation: Int) -> WantedRevision {
            WantedRevision(id: id, revision: RevisionID(generation: generation, hash: "a"))
        }
        let list = [wanted("b", 1), wanted("a", 1), wanted("b", 2), wanted("b", 3), wanted("c", 1)]
        let requests = DocumentRequest.list(list, atMost: 2)
        #expect(requests.map(\.id) == ["b", "a", "b", "c"])
        #expect(requests.map { $0.wanted.map(\.revision.generation) } == [[1, 2], [1], [3], [1]])
    }
}
