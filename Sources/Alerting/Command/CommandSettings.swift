/// A program that is run for each message.
package struct CommandSettings: Sendable, Hashable {
    package var name: String
    /// The program and its arguments; no shell is involved.
    package var words: [String]
    package var timeout: Duration

    package init(name: String = "command", words: [String], timeout: Duration = .seconds(60)) {
        self.name = name
        self.words = words
        self.timeout = timeout
    }
}
