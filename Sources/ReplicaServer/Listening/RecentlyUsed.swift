/// What was asked for last, of more than can be open at a time.
///
/// What is dropped here lives on with who still uses it.
package actor RecentlyUsed<Value: Sendable> {
    private let limit: Int
    private let make: @Sendable (_ name: String) async throws -> Value
    /// The one that was asked for last is the last.
    private var kept: [(name: String, value: Value)] = []

    /// - Parameters:
    ///   - limit: how many are kept.
    ///   - make: makes what is not kept; what it throws is thrown to who asked.
    package init(limit: Int, make: @escaping @Sendable (_ name: String) async throws -> Value) {
        (self.limit, self.make) = (max(1, limit), make)
    }

    /// The value of a name.
    package subscript(name: String) -> Value {
        get async throws {
            if let value = use(name) { return value }
            let value = try await make(name)
            // Two may ask at the same time; the first one to be made is the one for all.
            if let first = use(name) { return first }
            kept.append((name, value))
            if kept.count > limit { kept.removeFirst() }
            return value
        }
    }

    private func use(_ name: String) -> Value? {
        guard let index = kept.firstIndex(where: { $0.name == name }) else { return nil }
        let entry = kept.remove(at: index)
        kept.append(entry)
        return entry.value
    }

    /// Makes a value anew for who asks next.
    package func drop(_ name: String) { kept.removeAll { $0.name == name } }

    /// What is kept now.
    package var values: [Value] { kept.map(\.value) }
}
