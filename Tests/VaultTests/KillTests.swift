import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("A kill at any step loses nothing that was acknowledged")
struct KillTests {
    private static let storing: [VaultStep] = [.draftWritten, .objectKept, .beforeCommit, .afterCommit]
    private static let sealing: [VaultStep] = [.beforeSeal, .afterSeal, .catalogueWritten]
    private static let pruning: [VaultStep] = [.pruneDeleted, .pruneCommitted, .objectsRemoved]

    static func first() throws -> [Revision] {
        try (0..<30).map {
            try DocumentModel.revision(
                DocumentID("doc \($0)"), members: #""n":\#($0)"#,
                attachments: [("large", Data(repeating: UInt8($0 % 3), count: 80_000))])
        }
    }

    static func second() throws -> [Revision] {
        try first().map {
            try DocumentModel.revision(
                $0.id, on: $0.path, members: #""second":true"#,
                attachments: [("other", Data(repeating: 77, count: 90_000))])
        }
    }

    static func checkpoint(_ number: Int) -> Checkpoint {
        Checkpoint(
            id: "c", sequence: UpdateSequence(.integer(Int64(number))), sourceIdentity: nil, session: "s",
            number: number, time: TemporaryVault.start)
    }

    /// Ends this process as a power button does.
    static func die(at step: VaultStep) -> @Sendable (VaultStep) -> Void {
        { reached in if reached == step { kill(getpid(), SIGKILL) } }
    }

    /// Two moments; then the steps of a second backup and of a pruning, one of which is the last.
    static func run(in path: String, until step: VaultStep) async throws {
        let database = try await TemporaryVault.database(in: path, onStep: die(at: step))
        _ = try await database.store(second(), checkpoint: checkpoint(2))
        try await database.seal(minute: 2)
        let plan = try await database.prunePlan(KeepPolicy(last: 1), now: TemporaryVault.start)
        _ = try await database.prune(plan, isConfirmed: true)
    }

    @Test("Killed at a step, then run again", arguments: storing + sealing + pruning)
    func killed(step: VaultStep) async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store(Self.first(), checkpoint: Self.checkpoint(1))
        try await database.seal(minute: 1)
        try await database.close()

        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = folder.path as String, name = step.rawValue as String] in
            guard let step = VaultStep(rawValue: name) else { return }
            try await KillTests.run(in: path, until: step)
        }

        let left = try await folder.database()
        #expect(try await left.check(readData: true).problems == [])
        let isStored = step == .afterCommit || !Self.storing.contains(step)
        #expect(try await left.checkpoint("c")?.number == (isStored ? 2 : 1), "data and checkpoint are one")
        try await Self.expect(left, isStored ? Self.second() : Self.first())
        let moments = try await left.moments()
        if moments.contains(where: { $0.number == 1 }) {
            try await Self.expect(left.at(moments[0]), Self.first())
        } else {
            #expect(step == .pruneCommitted || step == .objectsRemoved)
        }
        // The run that goes on.
        _ = try await left.store(Self.second(), checkpoint: Self.checkpoint(2))
        let newest = try await left.seal(minute: 9)
        let plan = try await left.prunePlan(KeepPolicy(last: 1), now: TemporaryVault.start)
        _ = try await left.prune(plan, isConfirmed: true)
        try await Self.expect(left.at(newest), Self.second())
        let report = try await left.check(readData: true)
        #expect(report.problems == [])
        #expect(report.strays == 0)
        #expect(report.attachments == 1)
    }

    /// Mends everything, up to a step.
    static func mend(in path: String, until step: VaultStep) async throws {
        let database = try await TemporaryVault.database(in: path, onStep: die(at: step))
        for revision in try first() { _ = try await database.mend(revision) }
    }

    @Test("Killed while damage is mended, then mended again", arguments: storing)
    func killedMending(step: VaultStep) async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store(Self.first(), checkpoint: nil)
        try await database.seal(minute: 1)
        try await database.file.writer?.write { try $0.execute(sql: "UPDATE body SET data = zeroblob(length(data))") }
        let object = try #require(try database.file.objects.stored().first)
        try FileManager.default.removeItem(atPath: database.file.objects.path(of: object))
        try await database.close()

        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = folder.path as String, name = step.rawValue as String] in
            guard let step = VaultStep(rawValue: name) else { return }
            try await KillTests.mend(in: path, until: step)
        }

        let left = try await folder.database()
        #expect(try await left.check(readData: true).isRepairable)
        for revision in try Self.first() { #expect(try await left.mend(revision) == .mended) }
        let report = try await left.check(readData: true)
        #expect(report.problems == [] && report.strays == 0)
        try await Self.expect(left, Self.first())
    }

    private static func expect(_ database: VaultDatabase, _ revisions: [Revision]) async throws {
        let found = try await database.contents()
        #expect(
            Set(found.map { LeafPicture($0, path: $0.path) }) == Set(revisions.map { LeafPicture($0, path: $0.path) }))
        for revision in found {
            for attachment in revision.attachments { #expect(try await attachment.bytes().count == attachment.size) }
        }
    }
}
