/// How a database is laid out on its server.
package struct DatabaseLayout: Sendable, Hashable {
    package var isPartitioned: Bool
    /// The number of shards; nil where it is not known.
    package var shards: Int?

    package init(isPartitioned: Bool = false, shards: Int? = nil) {
        (self.isPartitioned, self.shards) = (isPartitioned, shards)
    }
}
