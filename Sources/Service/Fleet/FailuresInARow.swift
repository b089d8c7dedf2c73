/// How many databases of a server have failed one after the other while the server itself answered, as where a proxy lets no
/// other request through: each is tried for minutes before it is given up.
package struct FailuresInARow: Sendable {
    private var count = 0

    package init() {}

    /// From the third one on the first try tells enough.
    package var isWorthASecondTry: Bool { count < 2 }

    /// Whether the next one is asked for first whether it is there: that the others fail too is likely, and not certain.
    package var needsALook: Bool { count >= Self.most }

    package static let most = 20

    package mutating func failed() { count += 1 }
    package mutating func succeeded() { count = 0 }
}
