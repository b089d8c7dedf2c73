import CouchDB
import Foundation
import Supervision
import Testing

@testable import Service
@testable import Vault

/// When a source counts as one to which nothing was written, decided without any I/O.
@Suite("A source to which nothing was written")
struct QuietSourceMemoryTests {
    private static let noon = Date(timeIntervalSince1970: 1_795_507_200)

    private func info(_ sequence: UpdateSequence, n: Int? = 1, fileSize: Int? = 16_585) -> DatabaseInfo {
        DatabaseInfo(
            name: "orders", documentCount: 5, deletedCount: 0, updateSequence: sequence,
            instanceStartTime: "1796038483",
            purgeSequence: UpdateSequence("0-abc"), q: n == nil ? nil : 2, n: n, fileSize: fileSize, activeSize: 1120)
    }

    private func quiet(since info: DatabaseInfo) throws -> QuietSource {
        QuietSource(
            picture: try #require(QuietSource.Picture(info)),
            backup: QuietSource.Backup(at: Self.noon, moment: 7, uuid: "a"))
    }

    @Test func isWhatSaysExactlyTheSame() throws {
        let before = info(UpdateSequence("5-abc"))
        let quiet = try quiet(since: before)
        func holds(_ observation: DatabaseObservation, after seconds: TimeInterval = 60) -> Bool {
            quiet.holds(for: observation, at: Self.noon.addingTimeInterval(seconds))
        }
        #expect(holds(.present(before)))
        for change in [
            { $0.documentCount += 1 }, { $0.deletedCount += 1 }, { $0.updateSequence = UpdateSequence("5-abd") },
            { $0.purgeSequence = nil }, { $0.instanceStartTime = "1796038484" }, { $0.fileSize = 20_681 },
            { $0.activeSize = 1140 }, { $0.fileSize = nil }, { $0.n = 2 },
        ] as [(inout DatabaseInfo) -> Void] {
            var other = before
            change(&other)
            #expect(!holds(.present(other)), "\(other)")
        }
        #expect(!holds(.missing) && !holds(.unknown(CouchError(.unreachable, "nothing answers"))))
        // For an hour at least, for two at most, and not while the clock is behind.
        #expect(holds(.present(before), after: 3599) && !holds(.present(before), after: 7200))
        #expect(!holds(.present(before), after: -3600))
    }

    @Test func hasOneCopyOfEachShard() {
        #expect(QuietSource.Picture(info(UpdateSequence("5-abc"), n: 3)) == nil)
        #expect(QuietSource.Picture(info(UpdateSequence("5-abc"), n: nil)) == nil, "2.0 tells no copies")
        #expect(QuietSource.Picture(info(UpdateSequence(5), n: nil)) != nil, "1.x has none")
        #expect(QuietSource.Picture(info(UpdateSequence("5-abc"), fileSize: nil)) == nil)
    }

    /// Another check that has looked meanwhile has seen what this backup has not read.
    @Test func isRememberedWithWhatItSaidBeforeItsBackup() async throws {
        let connection = try ServerConnection(url: try ServerURL.parse("http://couch:5984").url, authentication: .none)
        let pair = VaultPair(
            name: "orders", source: DatabaseAddress(server: "production", database: "orders"),
            database: CouchDatabase(server: connection, name: "orders"), mode: .manage, thresholds: Thresholds())
        var state = VaultState(pair: pair, at: Self.noon)
        let moment = Moment(
            number: 7, time: Self.noon, epoch: 1, sequence: nil, isComplete: true, setAside: 0, documents: 5,
            deleted: 0, leaves: 5, verified: nil, digest: DigestSum(), rowHash: 0)
        state.backup = .present(uuid: "a", moments: [moment], epoch: SeenBackup.Epoch(number: 1, reason: "the first"))
        state.quietPicture = QuietSource.Picture(info(UpdateSequence("5-abc")))
        var memory = VaultMemory()
        memory.quiet = try quiet(since: info(UpdateSequence("6-abc")))
        memory.noteQuiet(state)
        #expect(memory.quiet == (try quiet(since: info(UpdateSequence("5-abc")))))
        state.quietPicture = nil
        memory.noteQuiet(state)
        #expect(memory.quiet == nil)

        // What is in the vault has to be what that backup left.
        let backup = QuietSource.Backup(at: Self.noon, moment: 7, uuid: "a")
        func isQuiet(_ change: (inout VaultState) -> Void) -> Bool {
            var changed = state
            changed.confirmation = Confirmation(moment: 7, time: Self.noon, sequence: nil)
            change(&changed)
            changed.take(backup)
            return changed.isQuiet
        }
        #expect(isQuiet { _ in })
        #expect(!isQuiet { $0.confirmation = nil })
        #expect(!isQuiet { $0.backup = .absent })
        #expect(!isQuiet { $0.backup = .present(uuid: "a", moments: [moment], epoch: nil) })
        #expect(!isQuiet { $0.backup = .present(uuid: "b", moments: [moment], epoch: .init(number: 1, reason: "")) })
        #expect(
            !isQuiet {
                $0.backup = .present(uuid: "a", moments: [moment], damaged: [3], epoch: .init(number: 1, reason: ""))
            })
        try await connection.shutdown()
    }
}
