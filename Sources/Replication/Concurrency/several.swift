/// Runs so many tasks of one kind, one at least; the first failure ends all and is thrown.
func several(_ count: Int, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
        for _ in 0..<max(1, count) { group.addTask { try await body() } }
        while try await group.next() != nil {}
    }
}

/// Makes something of each element, of some at a time; they begin in their order. The first failure ends all and is thrown.
///
/// - Parameters:
///   - limit: how many at a time, one at least.
///   - receive: takes what has come of one as soon as it is there, and says whether to begin further ones.
package func several<Element: Sendable, Result: Sendable>(
    _ elements: some Sequence<Element>, atOnce limit: Int,
    _ make: @escaping @Sendable (Element) async throws -> Result, receive: (Result) async throws -> Bool
) async throws {
    var rest = elements.makeIterator()
    try await withThrowingTaskGroup(of: Result.self) { group in
        func begin() {
            if let element = rest.next() { group.addTask { try await make(element) } }
        }
        for _ in 0..<max(1, limit) { begin() }
        var goesOn = true
        while let result = try await group.next() {
            goesOn = try await receive(result) && goesOn
            if goesOn { begin() }
        }
    }
}
