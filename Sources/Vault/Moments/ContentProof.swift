import Foundation
import GRDB

/// Which is the newest moment of which the content was compared and found equal, and not its revisions alone.
///
/// The mark of a moment tells only that it was compared: without this, one whose revisions are equal and whose content is
/// damaged would take the place of one that was rehearsed.
struct ContentProof: Codable {
    /// The number of the moment.
    var moment: Int

    /// Its place among the checkpoints; unlike them it speaks of all epochs.
    static let id = "proof"

    static func read(at path: String, _ database: Database) throws -> ContentProof? {
        try VaultDatabase.value(id, called: "the proof of content", at: path, database)
    }

    /// Notes a moment, unless a newer one is known that is still there.
    static func note(_ number: Int, among moments: [Moment], at path: String, _ database: Database) throws {
        // One that can't be read is superseded.
        let known = try? read(at: path, database)
        if let known, known.moment > number, moments.contains(where: { $0.number == known.moment }) { return }
        try VaultDatabase.put(ContentProof(moment: number), id: id, database)
    }
}

extension VaultDatabase {
    /// The moment of which the content was proved last; where that can't be read, all that were compared: any may be it.
    func provedMoments(among moments: [Moment]) async throws -> Set<Int> {
        let path = file.path
        do {
            guard let proof = try await file.read({ try ContentProof.read(at: path, $0) }) else { return [] }
            return [proof.moment]
        } catch let error as VaultError where error.code == .damaged {
            return Set(moments.filter { $0.verified != nil }.map(\.number))
        }
    }
}
