import CouchDB
import Testing

@testable import Replication

@Suite struct PageLedgerTests {
    private func sequence(_ number: Int64) -> UpdateSequence { UpdateSequence(.integer(number)) }
    private func refusal(_ id: DocumentID) -> Refusal {
        Refusal(id: id, revision: nil, stage: .storing, error: "forbidden", reason: "no")
    }

    @Test func neverMovesPastAPageThatIsUnderWay() {
        var ledger = PageLedger(from: .zero, setAsideLimit: 10)
        let pages = (1...3).map { ledger.begin(end: sequence($0)) }
        ledger.expect(2, in: pages[0])
        ledger.expect(1, in: pages[1])
        ledger.settle([pages[1]: 1])
        #expect(ledger.mark == .zero, "the first page is open")
        ledger.settle([pages[0]: 1])
        #expect(ledger.mark == .zero)
        #expect(ledger.markAfter([pages[0]: 1]).mark == sequence(2))
        #expect(ledger.mark == .zero, "asking changes nothing")
        ledger.settle([pages[0]: 1])
        #expect(ledger.mark == sequence(2), "the third page isn't compared yet")
        ledger.expect(0, in: pages[2])
        #expect(ledger.mark == sequence(3) && ledger.isIdle)
    }

    @Test func carriesWhatWasSetAsidePastItsPage() {
        var ledger = PageLedger(from: .zero, setAsideLimit: 10)
        let (first, second) = (ledger.begin(end: sequence(1)), ledger.begin(end: sequence(2)))
        ledger.expect(1, in: first)
        ledger.expect(1, in: second)
        ledger.settle([second: 1], refusals: [(second, refusal("b"))])
        #expect(ledger.setAside.isEmpty, "a refusal belongs to a checkpoint only once its page lies before it")
        ledger.settle([first: 1])
        #expect(ledger.mark == sequence(2) && ledger.setAside.map(\.id) == ["b"])
    }

    @Test func stopsWhereMoreIsSetAsideThanACheckpointCarries() {
        var ledger = PageLedger(from: .zero, setAsideLimit: 2)
        for number in 1...4 {
            let page = ledger.begin(end: sequence(Int64(number)), unusable: [refusal(DocumentID("d\(number)"))])
            ledger.expect(0, in: page)
        }
        #expect(ledger.mark == sequence(2) && ledger.setAside.count == 2)
    }
}
