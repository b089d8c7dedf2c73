/// One part of the story.
protocol Chapter: Sendable {
    var title: String { get }

    /// Lets it happen, and prints it.
    ///
    /// - Throws: ``DemoFailure`` where something does not come out as it is told.
    func play(_ scene: Scene) async throws
}
