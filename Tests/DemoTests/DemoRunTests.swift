import CouchSim
import Foundation
import Testing

@testable import Demo

@Suite("The demo as a whole")
struct DemoRunTests {
    @Test func tellsTheWholeStoryOnSimulatedServers() async throws {
        let output = CapturedOutput()
        try await DemoRun(.simulated, keepsFolder: true) { output.append($0) }.run()
        let story = output.text
        let folder = try #require(output.folder)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try Self.expectTheStory(story)
        #expect(story.contains("(simulated)"))
        #expect(story.contains("is kept: \(folder.path(percentEncoded: false))"))
        for name in ["couchkeep.yaml", "production.password", "standby.password"] {
            let file = folder.appending(path: name).path(percentEncoded: false)
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "state/state.sqlite").path))
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, "\(LocalCouchDB.howToInstall)"))
    func tellsTheSameStoryOnRealServers() async throws {
        let output = CapturedOutput()
        try await DemoRun(.real) { output.append($0) }.run()
        try Self.expectTheStory(output.text)
        #expect(output.text.contains("(real, "))
        let folder = try #require(output.folder)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    @Test func removesItsFolderWhenItIsCancelled() async throws {
        let output = CapturedOutput()
        await withTaskGroup { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await DemoRun(.simulated) { output.append($0) }.run()
                }
            }
            await output.wait(for: "The first check")
            group.cancelAll()
        }
        #expect(!output.text.contains("At the end"))
        let folder = try #require(output.folder)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    /// What the story must say, wherever it is played.
    private static func expectTheStory(_ story: String) throws {
        let lines = story.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines { #expect(line.count <= 100, "\(line)") }
        #expect(lines.count <= 200)
        #expect(!story.contains("\u{1b}"), "colours are for terminals")
        // Blanks that only wrapping made are taken out.
        let text = story.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let facts = [
            "repaired (target-missing): create the database customers on standby with q=2",
            "repaired (replication-missing): write the replication document couchkeep-customers-",
            "(and the same repairs for invoices and orders)",
            "customers 300 = 300, invoices 200 = 200, orders 1,000 = 1,000; none missing",
            "CouchDB reports nothing: _scheduler/docs knows no such replication (404)",
            "CRITICAL replication-missing, customers", "customers 325 = 325; none missing",
            "state running, error_count 0, doc_write_failures 0, docs_written 2,100",
            "orders: 2,100 documents on production, 1,100 on standby; 1,000 missing",
            "CRITICAL target-rolled-back, orders",
            "Mail [couchkeep] CRITICAL orders: the target was put back to an older state",
            "orders 2,100 = 2,100; none missing",
            "Mail [couchkeep] RESOLVED orders: no longer target-rolled-back",
            "doc_write_failures 20", "invoices: 400 documents on production, 381 on standby; 20 missing",
            "CRITICAL writes-refused, invoices", "Mail [couchkeep] CRITICAL invoices: the target refused 20 documents",
            "400 documents of invoices equal, none missing", "invoices 400 = 400; none missing",
            "Mail [couchkeep] RESOLVED invoices: no longer writes-refused",
            "CouchDB reports state crashing", "CRITICAL credentials-rejected, production",
            "Mail [couchkeep] CRITICAL production: production rejects Couchkeep's user",
            "afresh, and the same for invoices and orders",
            "customers 350 = 350, invoices 400 = 400, orders 2,100 = 2,100; none missing",
            "Mail [couchkeep] RESOLVED production",
            "invoices into its vault: moment #1, 400 documents, with all revisions", "deletes 58 invoices",
            "moment #2, 92 revisions, 342 documents left",
            "moment #1 into invoices_restored, and compares every leaf revision: 400 documents equal, none differ",
            "changes_pending null; 0 changes behind its checkpoint",
            "orders: 2,100 documents on production, 2,100 on standby; 1 missing",
            "order-7 is shipped on production, cancelled on standby", "ok: 3 pairs: 3 ok",
            "orders is DIFFERENT: 2,099 documents equal, 1 not", "standby lacks revision 3-", "of order-7",
            "copied 1 revision, with its history; order-7 is shipped on standby",
            "EQUAL, every leaf revision, tombstones too: customers 350, invoices 400, orders 2,100 documents",
            "customers restored into memory in", "350 leaf revisions, bodies equal",
            "invoices restored into memory in", "400 leaf revisions, bodies equal",
            "orders restored into memory in", "2,101 leaf revisions, bodies equal",
            "$ couchkeep status 3 pairs: 3 ok",
        ]
        var rest = text[...]
        for fact in facts {
            let range = try #require(rest.firstRange(of: fact), "missing, or not in its place: \(fact)")
            rest = rest[range.upperBound...]
        }
        let end = try #require(story.firstRange(of: "At the end"))
        let table = story[end.upperBound...]
        for pair in ["customers", "invoices", "orders"] {
            let row = try #require(table.split(separator: "\n").first { $0.contains("✓  \(pair)") })
            #expect(row.split(separator: " ").count { $0 == "ok" } == 3, "three green lights: \(row)")
        }
    }
}
