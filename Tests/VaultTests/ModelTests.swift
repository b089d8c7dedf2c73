import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

@Suite("A vault against a model in memory")
struct ModelTests {
    @Test("Every moment holds exactly what the model held then", arguments: [11, 22, 33, 44, 55, 66] as [UInt64])
    func moments(seed: UInt64) async throws {
        print("seed \(seed)")
        try await run(seed: seed, writer: nil, reader: nil)
    }

    @Test("So it is encrypted, and where only the write key writes", arguments: [77, 88] as [UInt64], [false, true])
    func encrypted(seed: UInt64, isWriteOnly: Bool) async throws {
        print("seed \(seed)")
        let key = try VaultKey.make(isWriteOnly: isWriteOnly)
        try await run(seed: seed, writer: .key(try key.writeKey ?? key), reader: .key(key))
    }

    private func run(seed: UInt64, writer: KeySource?, reader: KeySource?) async throws {
        var random = SeededGenerator(seed: seed)
        let folder = TemporaryVault()
        var database = try await folder.database(key: writer)
        var model = DocumentModel()
        var moments: [(Moment, DocumentModel)] = []
        for step in 0..<60 {
            let batch = try (0..<Int.random(in: 1..<12, using: &random)).map { _ in try model.step(using: &random) }
            #expect(try await database.store(batch, checkpoint: nil).refusals.isEmpty)
            if Int.random(in: 0..<3, using: &random) == 0 {
                moments.append((try await database.seal(minute: step), model))
            }
            if Int.random(in: 0..<12, using: &random) == 0 {
                try await database.close()
                database = try await folder.database(key: writer)
            }
        }
        if writer != nil {
            try await database.close()
            database = try await folder.database(key: reader)
        }
        try await compare(database, model)
        for (moment, model) in moments { try await compare(database.at(moment), model) }
        #expect(try await database.check(readData: true).problems == [])

        let policy = KeepPolicy(last: 3, hourly: 1)
        let plan = try await database.prunePlan(policy, now: TemporaryVault.start)
        let result = try await database.prune(plan, isConfirmed: true)
        #expect(result.moments == plan.dropped.count)
        try await database.close()
        database = try await folder.database(key: reader)
        #expect(try await database.moments() == plan.kept)
        try await compare(database, model)
        for (moment, model) in moments where plan.kept.contains(moment) {
            try await compare(database.at(moment), model)
        }
        let report = try await database.check(readData: true)
        #expect(report.problems == [])
        #expect(report.strays == 0)
    }

    private func compare(_ database: VaultDatabase, _ model: DocumentModel) async throws {
        let feed = try await database.feed(limit: 7)
        #expect(feed.count == model.documents.count)
        for document in feed {
            #expect(document.revisions == model.documents[document.id]?.leaves.map(\.id))
        }
        let found = try await database.contents()
        #expect(Set(found.map { LeafPicture($0, path: $0.path) }) == Set(model.leaves))
        for revision in found {
            let expected = model.documents[revision.id]?[revision.revision]?.body?.attachments ?? []
            for (attachment, other) in zip(revision.attachments, expected) {
                let (bytes, otherBytes) = (try await attachment.bytes(), try await other.bytes())
                #expect(bytes == otherBytes)
            }
        }
        let description = try await database.describe()
        let deleted = model.documents.values.count(where: \.isDeleted)
        #expect(description.deletedCount == deleted)
        #expect(description.documentCount == model.documents.count - deleted)
        let wanted = model.documents.map { id, tree in
            DocumentLeaves(id: id, revisions: tree.leaves.compactMap { tree.path(to: $0.id)?.revisions.last })
        }
        #expect(try await database.missing(wanted) == [])
    }
}
