import Foundation
import Testing

@testable import CouchDB

/// The three historic shapes of `_active_tasks`.
@Suite(.timeLimit(.minutes(1))) struct ActiveTaskTests {
    private func replications(_ answer: String) throws -> [ActiveTask] {
        ActiveTask.replications(answer: try JSONValue(parsing: Data(answer.utf8)))
    }

    @Test func reads1_1() throws {
        let tasks = try replications(
            #"""
            [{"pid":"<0.1.2>","type":"Replication","task":"ab12cd: http://s:5984/a/ -> b",
              "status":"W Processed source update #61"},
             {"pid":"<0.1.3>","type":"Database Compaction","task":"a","status":"Copied 0 of 7"}]
            """#)
        let task = try #require(tasks.first)
        #expect(tasks.count == 1)
        #expect(task.id == ReplicationID("ab12cd"))
        #expect(task.source == "http://s:5984/a/")
        #expect(task.target == "b")
        #expect(task.isContinuous == nil)
        #expect(task.statistics.documentsWritten == nil)
    }

    @Test(arguments: ["a -> b: c", "a: b", "-> : ->", ": "])
    func leavesOutWhatIsNoTask(task: String) throws {
        #expect(try replications(#"[{"type":"Replication","task":"\#(task)"}]"#).isEmpty)
    }

    @Test func reads1_2() throws {
        let tasks = try replications(
            #"""
            [{"pid":"<0.123.0>","type":"replication","replication_id":"1e2f+continuous","doc_id":"my_rep",
              "source":"http://h:5984/a/","target":"b","continuous":true,"revisions_checked":10,
              "missing_revisions_found":10,"docs_read":10,"docs_written":9,"doc_write_failures":1,"source_seq":10,
              "checkpointed_source_seq":8,"progress":100,"started_on":1390000000,"updated_on":1390000005},
             {"type":"indexer","pid":"<0.9.0>"}]
            """#)
        let task = try #require(tasks.first)
        #expect(tasks.count == 1)
        #expect(task.id.base == "1e2f")
        #expect(task.documentID == "my_rep")
        #expect(task.isContinuous == true)
        #expect(task.statistics.documentsWritten == 9)
        #expect(task.statistics.documentWriteFailures == 1)
        #expect(task.statistics.checkpointedSourceSequence == UpdateSequence(8))
        #expect(task.statistics.changesPending == nil)
        #expect(task.startedOn == Date(timeIntervalSince1970: 1_390_000_000))
    }

    @Test func reads3_5() throws {
        let answer = try Recording("running-behind").body("/_active_tasks")
        let task = try #require(ActiveTask.replications(answer: answer).first)
        #expect(task.isContinuous == true)
        #expect(task.node == "couchdb2@127.0.0.1")
        #expect(task.database?.hasPrefix("shards/") == true)
        #expect(task.statistics.changesPending == nil, "null is unknown, not zero")
        #expect(task.statistics.checkpointedSourceSequence?.displayNumber == 2714)
    }

    @Test func doesNotTakeAnObjectForAnEmptyList() async throws {
        try await withConnection(script: { _, _ in .json("{}") }) { (connection, _) async throws in
            #expect(try await couchError { try await connection.activeReplications() }.code == .malformedAnswer)
        }
    }
}
