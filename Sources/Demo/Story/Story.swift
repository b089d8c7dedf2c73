import CouchDB

/// The whole story, in its order.
struct Story: Sendable {
    private let scene: Scene
    private let chapters: [any Chapter] = [
        FirstChecks(), DeletedReplication(), RolledBackTarget(), RefusedDocuments(), ChangedPassword(),
        RestoredPast(), PurgedRevision(), ProvenBackup(),
    ]

    init(_ scene: Scene) { self.scene = scene }

    /// Tells it from the beginning to the end.
    func tell() async throws {
        try await Opening().play(scene)
        for (number, chapter) in chapters.enumerated() {
            scene.narrator.heading("\(number + 1)  \(chapter.title)")
            try await chapter.play(scene)
        }
        try await Closing().play(scene)
    }
}
