/// Why the demo ended before its end.
package struct DemoFailure: Error, CustomStringConvertible {
    package enum Kind: Sendable {
        /// There is no CouchDB on this machine to play the story with.
        case notInstalled
        /// Something did not come out as the demo tells it.
        case unexpected
        /// Somebody pressed Ctrl-C.
        case interrupted
    }

    package let kind: Kind
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

/// Ends the demo unless something came out as it is told.
func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws(DemoFailure) {
    if !condition { throw DemoFailure(.unexpected, what()) }
}
