extension Sequence where Self: Sendable, Element: Sendable {
    /// Maps all elements with at most `limit` at work at a time, and returns the results in order.
    ///
    /// The first error cancels the rest and is thrown.
    package func concurrentMap<R: Sendable>(
        atMost limit: Int, _ transform: @escaping @Sendable (Element) async throws -> R
    ) async throws -> [R] {
        try await withThrowingTaskGroup(of: (Int, R).self) { group in
            var results: [Int: R] = [:]
            for (index, element) in enumerated() {
                if index >= limit, let (done, result) = try await group.next() { results[done] = result }
                group.addTask { (index, try await transform(element)) }
            }
            while let (done, result) = try await group.next() { results[done] = result }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
