/// A program that is given the message as JSON on its standard input.
package struct CommandConfiguration: Sendable, Equatable {
    package static let defaultTimeout: Duration = .seconds(30)

    /// The program, then its arguments.
    package var argv: [String]
    package var timeout: Duration

    package init(argv: [String], timeout: Duration = defaultTimeout) {
        self.argv = argv
        self.timeout = timeout
    }
}
