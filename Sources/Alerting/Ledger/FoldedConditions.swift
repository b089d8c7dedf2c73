/// What a condition explains, as a count and a few names, so that one outage stays one entry.
package struct FoldedConditions: Sendable, Hashable, Codable {
    /// How many subjects are affected.
    package var count: Int
    /// The first few of them, sorted.
    package var names: [String]

    static let namesKept = 5

    package init(count: Int = 0, names: [String] = []) {
        self.count = count
        self.names = names
    }

    init(_ conditions: some Sequence<Condition>) {
        let subjects = Set(conditions.map(\.subject)).sorted()
        self.init(count: subjects.count, names: Array(subjects.prefix(Self.namesKept)))
    }

    package var isEmpty: Bool { count == 0 }
}

extension FoldedConditions: CustomStringConvertible {
    /// Such as `orders, invoices, customers and 37 more`.
    package var description: String {
        let more = count - names.count
        let listed = names.joined(separator: ", ")
        return more > 0 ? "\(listed) and \(more) more" : listed
    }
}
