import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing
import Vault

/// What a source does not tell of itself is neither lost nor hidden.
@Suite struct UnreadSettingTests {
    private static let paths = ["_security", "_revs_limit", "_local_docs"]
    private static let security: JSONValue = ["members": ["names": ["bob"], "roles": []]]

    /// A proxy's page says nothing of the source.
    @Test(arguments: paths, [404, 403, 401, 405]) func aPageIsNoAnswer(path: String, status: Int) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            try await scene.backUp()
            for page in ["<html>nginx</html>", #"{"status":404,"error":"Not Found"}"#] {
                server.faults.add(Fault(.page(page, status: status), pathContains: path))
                let failure = await #expect(throws: ReplicationFailure.self) { _ = try await scene.backUp() }
                #expect(failure?.side == .source && (failure?.underlying as? CouchError)?.code == .notCouchDB)
                server.faults.removeAll()
            }
            #expect(try await scene.backUp().unread.isEmpty)
        }
    }

    /// A proxy that lets nobody at local documents takes the mark away, and nothing else; but one that was left is missed.
    @Test func aMarkThatAProxyKeepsBack() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            let page = Fault(.page("<html>nginx</html>", status: 403), pathContains: "/_local/", database: "source")
            server.faults.add(page)
            for moment in 1...2 {
                let report = try await scene.backUp()
                #expect(!report.isMarked && report.markFailure == nil && report.moment.number == moment)
                #expect(report.moment.epoch == 1 && report.moment.isComplete)
            }
            server.faults.removeAll()
            #expect(try await scene.backUp().isMarked)
            server.faults.add(page)
            let failure = await #expect(throws: ReplicationFailure.self) { _ = try await scene.backUp() }
            #expect((failure?.underlying as? CouchError)?.code == .notCouchDB)
        }
    }

    /// What CouchDB itself refuses stays as it was read last, and is told.
    @Test func whatIsRefusedStays() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            try await scene.source.setSecurity(Self.security)
            try await scene.source.setRevisionsLimit(77)
            _ = try await scene.source.putLocalDocument("theirs", members: ["v": 1])
            let first = try await scene.backUp()
            #expect(first.unread.isEmpty)
            let before = try await scene.moment(first.moment).sourceSettings()
            #expect(before.revisionsLimit == 77 && before.localDocuments.count == 1)
            for path in Self.paths {
                server.faults.add(
                    Fault(
                        .failure(status: 403, error: "forbidden", reason: "not for you"), method: "GET",
                        pathContains: path))
            }
            try await scene.source.write(["document-1": ["v": 2]])
            let second = try await scene.backUp()
            #expect(Set(second.unread.map(\.part)) == Set(SourceSettings.Part.allCases))
            #expect(second.unread.allSatisfy { "\($0)".contains("not for you") })
            #expect(try await scene.moment(second.moment).sourceSettings() == before)
            server.faults.removeAll()
            try await scene.source.setRevisionsLimit(78)
            let third = try await scene.backUp()
            #expect(try await scene.moment(third.moment).sourceSettings().revisionsLimit == 78)
        }
    }

    /// 1.x has no list of local documents, which is nothing to be told.
    @Test func whatTheServerHasNotIsNotMissed() async throws {
        try await withScene(ServerVersion(1, 6, 1)) { _, scene in
            try await scene.source.fill(3)
            try await scene.source.setSecurity(Self.security)
            let report = try await scene.backUp()
            #expect(report.unread.isEmpty)
            #expect(try await scene.moment(report.moment).sourceSettings().security != nil)
        }
    }
}
