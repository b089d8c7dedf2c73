import CouchDB
import Foundation
import Replication
import Synchronization
import Testing

@testable import Vault

/// A check of a large backup tells how far it is.
@Suite struct CheckProgressTests {
    @Test func tellsEachThousandthRevision() async throws {
        let revisions = try (0..<2_100).map { number in
            try DocumentModel.revision(DocumentID("doc-\(number)"), members: #""value":\#(number)"#)
        }
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store(revisions, checkpoint: nil)
        let told = Mutex<[CheckProgress]>([])
        let report = try await database.check(readData: true) { state in told.withLock { $0.append(state) } }
        #expect(report.isSound)
        let states = told.withLock { $0 }
        #expect(states.map(\.done) == [1000, 2000])
        #expect(states.allSatisfy { $0.total == 2100 && $0.part == .revision })
        let bytes = states.map(\.readBytes)
        #expect(bytes[0] > 10_000 && bytes[1] > bytes[0] && bytes[1] < report.readBytes, "\(states)")
        #expect(try await database.damagedRevisions { state in told.withLock { $0.append(state) } } == [])
        #expect(told.withLock { $0.map(\.done) } == [1000, 2000, 1000, 2000])
    }
}
