import ArgumentParser

/// A command that prints JSON where it is told to, and then also an object where it fails.
protocol JSONCommand: ParsableCommand {
    /// The schema of its objects.
    static var schema: String { get }
    var json: Bool { get }
    /// The backup that it is about, where it is about one.
    var subject: String? { get }
}

extension JSONCommand {
    var subject: String? { nil }
}
