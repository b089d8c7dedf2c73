import Testing

@testable import CouchSim

@Suite struct ChangeOrderTests {
    /// Compared with a list of all changes that is searched in the simplest way.
    @Test func agreesWithASimpleList() {
        var generator = SystemRandomNumberGenerator()
        var order = ChangeOrder()
        var newest: [String: Int] = [:]
        for sequence in 1...3000 {
            let id = "document-\(Int.random(in: 0..<200, using: &generator))"
            order.move(id, from: newest[id] ?? 0, to: sequence)
            newest[id] = sequence
        }
        for since in [0, 1, 1500, 2799, 2900, 2999, 3000, 4000] {
            let expected = newest.filter { $0.value > since }.sorted { $0.value < $1.value }.map(\.key)
            #expect(Array(order.changes(after: since)).map(\.id) == expected)
            #expect(order.count(after: since) == expected.count)
        }
    }
}
