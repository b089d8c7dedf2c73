import Testing

@testable import CouchDB

@Suite struct UpdateSequenceTests {
    @Test("A 3.x scheduler shows the number of a 1.x source as a text, recorded on 3.5.0 and 1.7.1")
    func numberAsText() throws {
        let recording = try Recording("running-old-source")
        let tasks = ActiveTask.replications(answer: try recording.body("/_active_tasks"))
        let jobs = try (recording.body("/_scheduler/jobs")["jobs"]?.array ?? []).map(SchedulerJob.init(answer:))
        let rows = try (recording.body("/_scheduler/docs")["docs"]?.array ?? []).map(SchedulerDocument.init(answer:))
        let local = try recording.body("/fix/_local/01ca17f5eb007104d1db749850985d29")
        let recorded = try #require(ReplicationLog(answer: local)).sourceLastSequence
        #expect(recorded.value == 275)
        for statistics in [tasks.first?.statistics, jobs.first?.statistics, rows.first?.statistics] {
            let shown = try #require(statistics?.checkpointedSourceSequence)
            #expect(shown.value == "275")
            #expect(shown == recorded && recorded == shown)
            #expect(Set([shown, recorded]).count == 1)
            #expect(shown.number == 275)
        }
        #expect(UpdateSequence("275") != UpdateSequence(276))
        #expect(UpdateSequence("0") == .zero)
    }

    @Test(
        "Nothing else is taken for a number",
        arguments: ["275-g1AAA", "0275", "+275", "-275", "", "99999999999999999999", "2.5e2", " 275"])
    func opaque(text: String) {
        let sequence = UpdateSequence(.string(text))
        #expect(sequence.number == nil)
        #expect(sequence == UpdateSequence(.string(text)))
        #expect(sequence != UpdateSequence(275))
    }
}
