/// The databases that a server serves, each of which is opened when it is asked for.
package struct ServedDatabases: Sendable {
    let names: @Sendable () async throws -> [String]
    let open: @Sendable (_ name: String) async throws -> ServedDatabase?

    /// - Parameters:
    ///   - names: lists them, in any order; asked whenever a client wants to know, since others may come.
    ///   - open: opens the one of a name, or hands out what is open; nil where there is none. Called for each request, which
    ///     keeps the database until it is answered.
    package init(
        names: @escaping @Sendable () async throws -> [String],
        open: @escaping @Sendable (_ name: String) async throws -> ServedDatabase?
    ) {
        (self.names, self.open) = (names, open)
    }
}
