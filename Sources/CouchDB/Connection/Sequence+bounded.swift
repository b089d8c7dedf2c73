extension Sequence where Self: Sendable, Element: Sendable {
    /// Makes something of all elements with at most `limit` at work at a time; they begin in their order.
    ///
    /// The first error cancels the rest and is thrown.
    ///
    /// - Parameters:
    ///   - limit: one at least; asked each time before one begins, so that it may change meanwhile.
    ///   - receive: takes what has come of one as soon as it is there, and says whether to begin further ones.
    package func concurrentForEach<R: Sendable>(
        atMost limit: @autoclosure () -> Int, _ transform: @escaping @Sendable (Element) async throws -> R,
        receive: (R) async throws -> Bool
    ) async throws {
        var rest = makeIterator()
        try await withThrowingTaskGroup(of: R.self) { group in
            var running = 0
            func begin() {
                while running < Swift.max(1, limit()), let element = rest.next() {
                    group.addTask { try await transform(element) }
                    running += 1
                }
            }
            begin()
            var goesOn = true
            while let result = try await group.next() {
                running -= 1
                goesOn = try await receive(result) && goesOn
                if goesOn { begin() }
            }
        }
    }

    /// Maps all elements with at most `limit` at work at a time, and returns the results in order.
    ///
    /// The first error cancels the rest and is thrown.
    package func concurrentMap<R: Sendable>(
        atMost limit: Int, _ transform: @escaping @Sendable (Element) async throws -> R
    ) async throws -> [R] {
        var results: [Int: R] = [:]
        try await enumerated().concurrentForEach(atMost: limit) { index, element in
            (index, try await transform(element))
        } receive: { index, result in
            results[index] = result
            return true
        }
        return results.sorted { $0.key < $1.key }.map(\.value)
    }
}
