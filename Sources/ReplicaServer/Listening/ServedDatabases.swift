/// The databases that a server serves, each of which is opened when it is asked for.
package struct ServedDatabases: Sendable {
    let names: Set<String>
    let open: @Sendable (_ name: String) async throws -> ServedDatabase

    /// - Parameter open: opens one of the names, or hands out what is open; called for each request, which keeps the database
    ///   until it is answered.
    /// - Throws: ``BindingError`` where the names are no good.
    package init(
        _ names: [String], open: @escaping @Sendable (_ name: String) async throws -> ServedDatabase
    ) throws(BindingError) {
        var known: Set<String> = []
        for name in names {
            guard !name.isEmpty, known.insert(name).inserted else {
                throw BindingError(
                    code: .unusableName, description: "the name “\(name)” is empty, or two databases have it")
            }
        }
        (self.names, self.open) = (known, open)
    }
}
