import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("What is served of a backup that goes on")
struct NewestMomentTests {
    private static func ids(_ newest: NewestMoment) async throws -> Set<DocumentID> {
        Set(try await newest.state().contents().map(\.id))
    }

    @Test("What a run is writing is there with its moment, and an incomplete moment where that is accepted")
    func follows() async throws {
        let folder = TemporaryVault()
        let writer = try await folder.database()
        let newest = NewestMoment(of: writer, acceptsIncomplete: false)
        let any = NewestMoment(of: writer, acceptsIncomplete: true)
        _ = try await writer.store([try DocumentModel.revision("a")], checkpoint: nil)
        let error = await #expect(throws: VaultError.self) { _ = try await newest.state() }
        #expect(error?.code == .unknownMoment)
        try await writer.seal(minute: 1)
        _ = try await writer.store([try DocumentModel.revision("b")], checkpoint: nil)
        #expect(try await Self.ids(newest) == ["a"])
        try await writer.seal(
            at: TemporaryVault.start.addingTimeInterval(120), sequence: nil, isComplete: false, setAside: 1)
        #expect(try await Self.ids(newest) == ["a"])
        #expect(try await newest.passedOver()?.contains("moment #2 is not complete: 1 revision was never") == true)
        #expect(try await Self.ids(any) == ["a", "b"])
        #expect(try await any.passedOver() == nil)
        try await writer.seal(minute: 3)
        #expect(try await newest.state().moment?.number == 3)
        #expect(try await newest.passedOver() == nil)
    }

    @Test("A damaged moment is passed over, and named")
    func damaged() async throws {
        let folder = TemporaryVault()
        let writer = try await folder.database()
        let newest = NewestMoment(of: writer, acceptsIncomplete: false)
        for minute in 1...2 { try await writer.seal(minute: minute) }
        try await writer.file.write { try $0.execute(sql: "UPDATE moment SET documents = 7 WHERE id = 2") }
        #expect(try await newest.state().moment?.number == 1)
        #expect(try await newest.passedOver()?.contains("was changed") == true)
    }

    @Test("A new epoch is served with its first moment, and so is told to be another state")
    func epoch() async throws {
        let folder = TemporaryVault()
        let writer = try await folder.database()
        let newest = NewestMoment(of: writer, acceptsIncomplete: false)
        let start = TemporaryVault.start
        _ = try await writer.recognise(SourceIdentity(name: "s"), at: start)
        _ = try await writer.store([try DocumentModel.revision("a")], checkpoint: nil)
        try await writer.seal(minute: 1)
        try await writer.noteMarker("m", moment: 1)
        let first = try await newest.instanceStartTime()
        _ = try await writer.store([try DocumentModel.revision("b")], checkpoint: nil)
        let found = SourceIdentity(name: "s", marker: "m", markedMoment: 0)
        _ = try await writer.recognise(found, at: start.addingTimeInterval(120))
        #expect(try await writer.epochs().count == 2)
        #expect(try await Self.ids(newest) == ["a"])
        #expect(try await newest.instanceStartTime() == first)
        _ = try await writer.store([try DocumentModel.revision("c")], checkpoint: nil)
        try await writer.seal(minute: 5)
        #expect(try await Self.ids(newest) == ["c"])
        #expect(try await newest.instanceStartTime() != first)
    }
}
