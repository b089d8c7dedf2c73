/// All that is wrong with a configuration, in the order of the file.
package struct ConfigurationError: Error, Sendable, Equatable {
    /// The exit code of a program that can't go on because of it.
    package static let exitCode: Int32 = 2

    /// Sorted, without repetition, never empty.
    package let issues: [ConfigurationIssue]

    package init(_ issues: [ConfigurationIssue]) {
        var kept: [ConfigurationIssue] = []
        // A section that others inherit from is read several times.
        for issue in issues.sorted() where kept.last != issue { kept.append(issue) }
        self.issues = kept
    }

    package init(
        _ code: ConfigurationIssue.Code, file: String?, message: String, nextStep: String
    ) {
        self.init([ConfigurationIssue(code, file: file, message: message, nextStep: nextStep)])
    }
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String { issues.map(\.description).joined(separator: "\n") }
}
