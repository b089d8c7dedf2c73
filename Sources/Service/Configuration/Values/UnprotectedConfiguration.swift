/// What to do about databases that no pair covers.
package struct UnprotectedConfiguration: Sendable, Equatable {
    package var report = true
    /// Databases that need no backup.
    package var ignore: [Glob] = []

    package init(report: Bool = true, ignore: [Glob] = []) {
        self.report = report
        self.ignore = ignore
    }
}
