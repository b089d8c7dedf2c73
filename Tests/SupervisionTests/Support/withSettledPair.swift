import CouchSim

/// Runs a body with a household whose pair `orders` is copied, and was seen so.
///
/// - Parameter count: how many documents it has.
func withSettledPair(count: Int = 5, _ body: @escaping @Sendable (Household) async throws -> Void) async throws {
    try await withHousehold { home in
        home.source.makeDatabases("orders")
        try home.source.fill("orders", count: count)
        try await home.settle()
        try await body(home)
    }
}
