import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct StateLockTests {
    @Test("A second one is told who has it, until it is given back")
    func second() async throws {
        try await withTemporaryFolder { folder in
            let first = try StateLock(folder: folder)
            let error = #expect(throws: StateError.self) { try StateLock(folder: folder) }
            #expect(error?.code == .locked)
            #expect(
                error?.detail == "another couchkeep is at work, process \(ProcessInfo.processInfo.processIdentifier)")
            first.release()
            let second = try StateLock(folder: folder)
            #expect(throws: StateError.self) { try StateLock(folder: folder) }
            second.release()
            _ = try StateLock(folder: folder)
            // The last one was dropped without being released.
            _ = try StateLock(folder: folder)
        }
    }
}
