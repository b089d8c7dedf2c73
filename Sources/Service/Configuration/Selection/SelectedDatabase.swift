/// A database that a pair covers.
package struct SelectedDatabase: Sendable, Hashable {
    package let source: String
    package let target: String

    package init(source: String, target: String) {
        self.source = source
        self.target = target
    }
}
