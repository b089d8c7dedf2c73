import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

@Suite("Which database a source is")
struct EpochTests {
    typealias Case = (remembered: SourceIdentity, found: SourceIdentity, isSame: Bool, isOther: Bool)

    @Test("Verdicts on what was remembered and what was found")
    func verdicts() {
        let url = "http://couch:5984/orders"
        func source(_ name: String = "", _ marker: String? = nil, _ moment: Int? = nil, _ start: String? = nil)
            -> SourceIdentity
        {
            SourceIdentity(
                name: name.isEmpty ? url : name, marker: marker, markedMoment: moment, instanceStartTime: start)
        }
        let cases: [Case] = [
            (source("", "m", 4, "1"), source("", "m", 4, "1"), true, false),
            // A mark that is newer than the note of it: a kill came between.
            (source("", "m", 4), source("", "m", 5), true, false),
            (source("", "m", 4), source("http://new:5984/orders", "m", 4), true, false),
            (source("", "m", 4), source("", "m", 3), false, false),
            (source("", "m", 4), source("", nil), false, false),
            (source("", "m", 4), source("", "x", 9), false, false),
            (source("", "m", 4, "1"), source("", "m", 4, "2"), false, false),
            (source("", "m", 4), source("http://couch:5984/other", nil), false, true),
            (source("", nil, nil, "1"), source("", nil, nil, "2"), false, false),
            (source("", nil, nil, "1"), source("", nil, nil, "1"), true, false),
            (source("", nil, nil, "1"), source("http://couch:5984/other", nil, nil, "2"), false, true),
            (source(), source(), true, false),
            (source(), source("http://couch:5984/other"), false, true),
        ]
        for item in cases {
            let verdict = SourceVerdict(remembered: item.remembered, found: item.found)
            #expect((verdict == .same) == item.isSame, "\(item)")
            if case .other = verdict { #expect(item.isOther, "\(item)") } else { #expect(!item.isOther, "\(item)") }
        }
        #expect(SourceVerdict(remembered: SourceIdentity(name: ""), found: source()) == .first)
    }

    @Test("A source that went back in time begins an epoch, and no old moment is lost")
    func rollback() async throws {
        let folder = TemporaryVault()
        var database = try await folder.database()
        let start = TemporaryVault.start
        #expect(try await database.recognise(SourceIdentity(name: "s"), at: start) == .first)
        var model = DocumentModel()
        var random = SeededGenerator(seed: 5)
        let checkpoint = Checkpoint(
            id: "c", sequence: .zero, sourceIdentity: nil, session: "s", number: 1, time: start)
        let batch = try (0..<40).map { _ in try model.step(using: &random) }
        _ = try await database.store(batch, checkpoint: checkpoint)
        let first = try await database.seal(minute: 1)
        try await database.noteMarker("m", moment: 1)
        // What a run that was cut off has left.
        let later = try model.step(using: &random)
        _ = try await database.store([later], checkpoint: nil)

        let found = SourceIdentity(name: "s", marker: "m", markedMoment: 0)
        let verdict = try await database.recognise(found, at: start.addingTimeInterval(120))
        guard case .newEpoch(let reason) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(reason.contains("went back in time"))
        #expect(try await database.checkpoint("c") == nil)
        #expect(try await database.describe().isEmpty)
        #expect(try await database.feed().isEmpty)
        #expect(
            try await database.missing([DocumentLeaves(id: batch[0].id, revisions: [batch[0].revision])]).count == 1)

        let bodies = try await database.statistics().bodies
        _ = try await database.store(Array(batch.prefix(20)), checkpoint: nil)
        #expect(try await database.statistics().bodies == bodies, "the same bodies are not stored again")
        let third = try await database.seal(minute: 5)
        #expect(third.epoch == 2)
        try await database.close()
        database = try await folder.database()
        #expect(try await database.moments().map(\.number) == [1, 2, 3])
        #expect(try await database.epochs().count == 2)
        var old = DocumentModel()
        for revision in batch { old.insert(revision) }
        let past = try await database.at(first).contents()
        #expect(Set(past.map { LeafPicture($0, path: $0.path) }) == Set(old.leaves))
        var new = DocumentModel()
        for revision in batch.prefix(20) { new.insert(revision) }
        #expect(
            Set(try await database.contents().map { LeafPicture($0, path: $0.path) }) == Set(new.leaves))
        #expect(try await database.check(readData: true).problems == [])
        await #expect(throws: VaultError.self) {
            _ = try await database.recognise(SourceIdentity(name: "another"), at: start)
        }
    }

    @Test("Settings are kept as of each moment")
    func settings() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        let one = SourceSettings(
            security: Data(#"{"admins":{"names":["a"]}}"#.utf8), revisionsLimit: 500, q: 2, n: 1, isPartitioned: false,
            localDocuments: ["_local/é": Data(#"{"a":1.0}"#.utf8), "_local/b": Data("{}".utf8)])
        try await database.store(one)
        let moment = try await database.seal(minute: 1)
        var two = one
        two.security = Data("{}".utf8)
        two.localDocuments["_local/new"] = Data("{}".utf8)
        two.q = nil
        try await database.store(two)
        try await database.seal(minute: 2)
        #expect(try await database.sourceSettings() == two)
        #expect(try await database.at(moment).sourceSettings() == one)
        #expect(try await database.check(readData: true).problems == [])
    }
}
