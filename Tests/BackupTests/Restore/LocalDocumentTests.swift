import CouchDB
import CouchSim
import Foundation
import Replication
import Testing
import Vault

@testable import Backup

/// Local documents come back byte for byte, wherever they are asked for.
@Suite struct LocalDocumentTests {
    /// What no parser of ours can hold: digits for a number beyond all floating point numbers.
    private static let digits = String(repeating: "7", count: 400)
    private static let deep = String(repeating: "[", count: 700) + String(repeating: "]", count: 700)
    private static let numbers = #""z":1.0,"a":12345678901234567890,"n":{"y":1,"x":[]}"#

    /// Writes a local document of these members.
    private static func put(_ name: String, _ members: String, in database: CouchDatabase) async throws {
        _ = try await database.putLocalDocument(name, document: Data("{\(members)}".utf8))
    }

    /// The members of the local documents of a test, as they stand.
    private static func found(in database: CouchDatabase) async throws -> [String: String] {
        var found: [String: String] = [:]
        for row in try await database.localDocuments(limit: 100) where row.id.hasPrefix("_local/theirs") {
            let document = try LocalDocument(#require(row.document))
            found[row.id] = String(decoding: document.content, as: UTF8.self)
        }
        return found
    }

    private static func options(exact: Bool) -> @Sendable (inout RestoreOptions) -> Void {
        { ($0.intoExisting, $0.isExact, $0.includesLocalDocuments) = (true, exact, true) }
    }

    private static func bringsThemBack(_ scene: Scene, _ more: [String: String] = [:]) async throws {
        let members = more.merging(
            ["theirs-numbers": numbers, "theirs-empty": ""]
        ) { $1 }
        for (name, text) in members { try await put(name, text, in: scene.source) }
        try await put("theirs-checkpoint", #""session_id":"a","source_last_seq":1"#, in: scene.source)
        try await scene.source.write(["document": ["v": 1]])
        let moment = try await scene.backUp().moment
        let all = Dictionary(uniqueKeysWithValues: members.map { name, text in ("_local/\(name)", text) })

        let target = scene.beside("new")
        let new = try await scene.restore(moment, to: target) { $0.includesLocalDocuments = true }
        #expect(new.isEqual, "\(new)")
        #expect(try await found(in: target) == all)

        for exact in [false, true] {
            try await put("theirs-numbers", #""z":1,"a":2"#, in: target)
            try await put("theirs-later", #""v":1"#, in: target)
            let without = try await scene.restore(moment, to: target) { options in
                (options.intoExisting, options.isExact) = (true, exact)
            }
            #expect(without.isEqual && without.restoredSettings == [], "\(without)")
            #expect(try await found(in: target)["_local/theirs-numbers"] == #""z":1,"a":2"#)
            var run = RestoreRun(of: try await scene.moment(moment), to: target)
            options(exact: exact)(&run.options)
            #expect(try await run.plan().restoredSettings == ["_local"])
            let back = try await scene.restore(moment, to: target, options(exact: exact))
            #expect(back.isEqual && back.restoredSettings == ["_local"], "\(back)")
            #expect(try await found(in: target) == all.merging(["_local/theirs-later": #""v":1"#]) { $1 })
            let idle = try await scene.restore(moment, to: target, options(exact: exact))
            #expect(idle.isEqual && idle.restoredSettings == [], "\(idle)")
        }
    }

    @Test func comeBackByteForByte() async throws {
        // CouchDB itself takes no such number.
        try await withScene { _, scene in
            try await Self.bringsThemBack(scene, ["theirs-large": "\"v\":\(Self.digits)"])
        }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(5)))
    func comeBackByteForByteToCouchDB() async throws {
        try await withRealScene { _, scene in
            try await Self.bringsThemBack(scene, ["theirs-deep": "\"v\":\(Self.deep)", "theirs/é ü": #""v":"é""#])
        }
    }

    /// One that the target refuses keeps neither the others nor the design documents from it.
    @Test func areSetAsideWhereTheTargetRefusesThem() async throws {
        try await withScene { server, scene in
            for name in ["theirs-a", "theirs-big", "theirs-c"] { try await Self.put(name, #""v":1"#, in: scene.source) }
            try await scene.source.write(["document": ["v": 1], "_design/x": ["language": "query"]])
            let moment = try await scene.backUp().moment
            let target = scene.beside("new")
            server.faults.add(
                Fault(
                    .failure(status: 413, error: "document_too_large", reason: ""), method: "PUT",
                    pathContains: "_local/theirs-big", database: target.name))
            let new = try await scene.restore(moment, to: target) { $0.includesLocalDocuments = true }
            let again = try await scene.restore(moment, to: target, Self.options(exact: false))
            for report in [new, again] {
                #expect(report.outcome == .incomplete && report.counts.refused == 1, "\(report)")
                #expect(report.refusals.map(\.id) == ["_local/theirs-big"])
                #expect(report.refusals.map(\.error) == ["document_too_large"])
                #expect(report.restoredSettings == [])
            }
            #expect(try await target.document("_design/x") != nil)
            #expect(try await Set(Self.found(in: target).keys) == ["_local/theirs-a", "_local/theirs-c"])
            server.faults.removeAll()
            #expect(try await scene.restore(moment, to: target, Self.options(exact: false)).isEqual)
            #expect(try await Self.found(in: target).count == 3)
        }
    }

    /// The names at the top tell a checkpoint, whatever else is in it.
    @Test func areToldFromCheckpoints() throws {
        for value in [Self.deep, Self.digits, "1"] {
            #expect(try !SourceSettings.isCheckpoint("_local/a", Data("{\"v\":\(value)}".utf8)))
            #expect(try !SourceSettings.isCheckpoint("_local/a", Data("{\"v\":{\"last_seq\":\(value)}}".utf8)))
            for name in ["last_seq", "source_last_seq", "session_id"] {
                let document = Data("{\"v\":\(value),\"\(name)\":0}".utf8)
                #expect(try SourceSettings.isCheckpoint("_local/a", document))
            }
        }
    }

    @Test func areWrittenOverAnotherRevision() throws {
        let document = try LocalDocument(Data(#"{"_id":"_local/a","_rev":"0-3", "b" : 1.0, "a":2}"#.utf8))
        #expect(document.revision == Data(#""0-3""#.utf8))
        #expect(document.bytes(replacing: nil) == Data(#"{"b" : 1.0,"a":2}"#.utf8))
        #expect(document.bytes(replacing: Data(#""0-9""#.utf8)) == Data(#"{"_rev":"0-9","b" : 1.0,"a":2}"#.utf8))
        let empty = try LocalDocument(Data(#"{"_id":"_local/a"}"#.utf8))
        #expect(empty.bytes(replacing: nil) == Data("{}".utf8))
        #expect(empty.bytes(replacing: Data(#""0-1""#.utf8)) == Data(#"{"_rev":"0-1"}"#.utf8))
    }
}
