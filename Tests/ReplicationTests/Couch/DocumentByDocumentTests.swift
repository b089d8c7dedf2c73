import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication

/// Reading from servers that have no `_bulk_get`: 1.2 to 1.6.
@Suite(.timeLimit(.minutes(1))) struct DocumentByDocumentTests {
    private static let old = ServerVersion(1, 6)

    /// Lets so many requests for documents come in before any of them is answered.
    private func holding(
        _ count: Int, on server: SimulatedServer, _ body: () async throws -> Void
    ) async throws {
        let stall = server.faults.add(Fault(.stall(afterBytes: 0), pathContains: "open_revs"))
        async let release: Void = { [faults = server.faults] in
            try await faults.struck(stall, times: count)
            faults.remove(stall)
        }()
        try await body()
        try await release
    }

    private func listed(_ replica: CouchReplica) async throws -> [DocumentLeaves] {
        try await replica.changes(since: .zero, limit: 1000, patience: nil).documents
    }

    @Test func severalAreAskedForAtATime() async throws {
        try await withSimulatedReplica(Self.old) { server, replica in
            try server.fill("db", count: 40)
            let documents = try await listed(replica)
            var answered: [DocumentID: Int] = [:]
            try await holding(16, on: server) {
                try await replica.revisions(documents) { answer in
                    guard case .given = answer.outcome else { return }
                    answered[answer.id, default: 0] += 1
                }
            }
            #expect(answered.count == 40 && answered.values.allSatisfy { $0 == 1 })
        }
    }

    /// Those that are not the only large one are cut off, and read behind the others one after another.
    @Test func largeOnesAreNotReadBesideEachOther() async throws {
        var limits = CouchReplica.Limits()
        (limits.answerBesideOthers, limits.attachmentInMemory) = (2000, 1000)
        try await withSimulatedReplica(Self.old, limits: limits) { server, replica in
            let source = MemoryReplica()
            let text = String(repeating: "x", count: 5000)
            for number in 0..<20 {
                if number % 2 == 0 {
                    try source.edit(DocumentID("d\(number)"), members: #""text":"\#(text)""#)
                } else {
                    try source.edit(
                        DocumentID("d\(number)"), attachments: [("a", "image/png", Data("\(number)\(text)".utf8))])
                }
            }
            _ = try await replica.store(source.leafRevisions, checkpoint: nil)
            let documents = try await listed(replica)
            server.requests.reset()
            var given: [Revision] = []
            try await holding(16, on: server) {
                try await replica.revisions(documents) { given += $0.exactly.map { [$0] } ?? [] }
            }
            #expect(given.map(\.id).sorted() == source.leaves.map(\.id))
            for revision in given {
                let number = try #require(Int(revision.id.text.dropFirst()))
                let attachment = try await revision.attachments.first?.read(at: 0, count: 10_000)
                #expect(attachment == (number % 2 == 0 ? nil : Data("\(number)\(text)".utf8)))
                #expect(attachment != nil || revision.document.count > 5000)
            }
            // Sixteen at first, of which one may be large; the last four one by one; and the fifteen once more.
            #expect(server.requests.counted["GET /{db}/{id}"] == 35)
        }
    }

    @Test func slowsDownAndGoesOn() async throws {
        try await withSimulatedReplica(Self.old) { server, replica in
            try server.fill("db", count: 40)
            server.faults.add(Fault(.tooManyRequests(retryAfter: 0), pathContains: "open_revs", after: 5, count: 8))
            server.faults.add(Fault(Fault.serverError, pathContains: "open_revs", after: 20, count: 4))
            let copy = MemoryReplica()
            let report = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(!report.isIncomplete && copy.leaves.count == 40)
            #expect(report.counts.revisionsStored == 40)
        }
    }

    /// What a comparison needs of attachments stands in the documents.
    @Test func aComparisonReadsNoAttachments() async throws {
        try await withSimulatedReplica(Self.old) { server, replica in
            let source = MemoryReplica()
            for number in 0..<40 {
                try source.edit(
                    DocumentID("d\(number)"), members: #""n":\#(number)"#,
                    attachments: [("a", "image/png", Data("attached \(number)".utf8))])
            }
            _ = try await replica.store(source.leafRevisions, checkpoint: nil)
            let gone = DocumentLeaves(id: "gone", revisions: [RevisionID(generation: 1, hash: "a")])
            let documents = try await listed(replica) + [gone]
            var (given, refused): ([Data], [Replication.Refusal]) = ([], [])
            try await holding(16, on: server) {
                try await replica.documents(documents) { answer in
                    switch answer.outcome {
                    case .given(let document): given.append(document)
                    case .unavailable(let refusal): refused.append(refusal)
                    }
                }
            }
            #expect(given.count == 40 && refused.map(\.id) == ["gone"])
            for document in given {
                let attachments = try DocumentMembers(of: document).attachments
                #expect(attachments.map(\.content) == [.stub] && attachments.allSatisfy { $0.digest != nil })
            }
            let (report, found) = try await BodyComparator.test(source, replica).collect()
            #expect(found.isEmpty && report.isComplete && report.revisions == 40)
        }
    }
}
