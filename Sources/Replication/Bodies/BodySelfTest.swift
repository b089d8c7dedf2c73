import CouchDB
import Foundation
import Synchronization

/// Plants a difference between two documents that are equal, in memory only, and demands that the comparison finds it: a
/// comparison that could not fail would prove nothing.
final class BodySelfTest: Sendable {
    typealias Compare = @Sendable (Data, Data, WantedRevision) throws -> DocumentComparison.Outcome

    private let compare: Compare
    private let passed = Mutex<Bool?>(nil)

    init(compare: @escaping Compare = { try DocumentComparison.compare($0, $1, of: $2) }) { self.compare = compare }

    /// Plants a member in a document, once in a run; the document itself stays what it is.
    func plant(in document: Data, of wanted: WantedRevision) throws {
        guard passed.withLock({ $0 == nil }) else { return }
        guard let start = document.firstIndex(of: UInt8(ascii: "{")) else { return }
        var planted = document
        planted.insert(contentsOf: Data(#""couchkeep-self-test":true,"#.utf8), at: start + 1)
        let outcome = try compare(document, planted, wanted)
        let other = try compare(planted, document, wanted)
        // The identity was not made of what was planted, either.
        let isFound = outcome.comparison == .bodyDiffers && other.comparison == .bodyDiffers && other.proof != .proved
        passed.withLock { $0 = ($0 ?? true) && isFound }
    }

    /// Whether what was planted was found.
    func verdict() throws -> Bool {
        // Where nothing could be compared, a document of its own stands in.
        let wanted = WantedRevision(id: "couchkeep-self-test", revision: RevisionID(generation: 1, hash: "0"))
        try plant(in: Data(#"{"_id":"couchkeep-self-test","_rev":"1-0"}"#.utf8), of: wanted)
        return passed.withLock { $0 ?? false }
    }
}
