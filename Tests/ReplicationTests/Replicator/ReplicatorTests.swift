import CouchDB
import Foundation
import Synchronization
import Testing

@testable import Replication

@Suite(.timeLimit(.minutes(2))) struct ReplicatorTests {
    private func source(_ count: Int, size: Int = 10) throws -> MemoryReplica {
        let source = MemoryReplica(name: "source")
        let text = String(repeating: "x", count: size)
        for number in 0..<count { try source.edit(DocumentID("d\(number)"), members: #""t":"\#(text)""#) }
        return source
    }

    /// The target takes nothing until the source could go no further ahead: then only so much may be under way.
    @Test func readsNotFarAheadOfASlowTarget() async throws {
        let source = try source(2000, size: 1000)
        let given = Mutex(0)
        let stored = Mutex(0)
        let farthest = Mutex(0)
        var reading = ScriptedReplica.Script()
        reading.onAnswer = { answer in
            given.withLock { $0 += 1 }
            return answer
        }
        var storing = ScriptedReplica.Script()
        storing.onStore = { revisions in
            // Lets every other task go as far as it can.
            for _ in 0..<2000 { await Task.yield() }
            let ahead = given.withLock { $0 } - stored.withLock { $0 }
            farthest.withLock { $0 = max($0, ahead) }
            stored.withLock { $0 += revisions.count }
            return []
        }
        var options = ReplicationOptions.test()
        (options.bufferBytes, options.storeBytes) = (50_000, 20_000)
        let target = MemoryReplica()
        let report = try await Replicator(
            from: ScriptedReplica(source, reading), to: ScriptedReplica(target, storing), options: options
        ).run()
        #expect(report.counts.revisionsStored == 2000)
        let most = farthest.withLock { $0 }
        #expect(most > 20, "reading and storing overlap")
        #expect(most < 120, "about 50 kB wait, and 20 kB are being stored")
    }

    @Test("What has come is stored, and not kept in memory, while nothing more comes")
    func storesWhileTheFeedRests() async throws {
        let source = try source(20)
        let stored = Mutex(0)
        let now = Mutex(ContinuousClock.now)
        var reading = ScriptedReplica.Script()
        reading.onChanges = { number in
            if number == 1 {
                // In a long run the storing waits longest.
                for _ in 0..<1000 { await Task.yield() }
                now.withLock { $0 += .seconds(100) }
            }
            guard number == 3 else { return }
            // As at a large attachment, or where the source asks to slow down.
            for _ in 0..<100_000 where stored.withLock({ $0 }) < 14 { await Task.yield() }
            #expect(stored.withLock { $0 } == 14)
        }
        var storing = ScriptedReplica.Script()
        storing.onStore = { revisions in
            stored.withLock { $0 += revisions.count }
            return []
        }
        let clock = RunClock(now: { now.withLock { $0 } }) { duration in
            try Task.checkCancellation()
            await Task.yield()
            now.withLock { $0 += duration }
        }
        var options = ReplicationOptions.test()
        options.storePatience = .seconds(1)
        let report = try await Replicator(
            from: ScriptedReplica(source, reading), to: ScriptedReplica(MemoryReplica(), storing), options: options,
            clock: clock
        ).run()
        #expect(report.counts.revisionsStored == 20)
    }

    @Test func setsASingleUnreadableDocumentAside() async throws {
        let source = try source(50)
        var script = ScriptedReplica.Script()
        script.onRevisions = { wanted in
            if wanted.contains(where: { $0.id == "d33" }) {
                throw CouchError(.serverError, "function_clause", status: 500)
            }
        }
        let target = MemoryReplica()
        let report = try await Replicator(from: ScriptedReplica(source, script), to: target, options: .test()).run()
        #expect(report.refusals.map(\.id) == ["d33"])
        #expect(report.refusals.first?.reason.contains("function_clause") == true)
        #expect(target.leaves.count == 49)
    }

    @Test func setsASingleUnstorableDocumentAside() async throws {
        let source = try source(50)
        var script = ScriptedReplica.Script()
        script.onStore = { revisions in
            if revisions.contains(where: { $0.id == "d33" }) { throw CouchError(.serverError, "badarg", status: 500) }
            return []
        }
        let target = MemoryReplica()
        let receiver = ScriptedReplica(target, script)
        let report = try await Replicator(from: source, to: receiver, options: .test()).run()
        #expect(report.refusals.map(\.id) == ["d33"] && report.isIncomplete)
        #expect(target.leaves.count == 49)
        #expect(try await target.checkpoint("test")?.setAside.map(\.id) == ["d33"])
    }

    @Test func givesUpWhereASourceKeepsAskingToSlowDown() async throws {
        let source = try source(10)
        var script = ScriptedReplica.Script()
        script.onRevisions = { _ in throw CouchError(.tooManyRequests, "slow down", status: 429) }
        let failure = await #expect(throws: ReplicationFailure.self) {
            try await Replicator(from: ScriptedReplica(source, script), to: MemoryReplica(), options: .test()).run()
        }
        #expect(failure?.side == .source)
        #expect((failure?.underlying as? CouchError)?.code == .tooManyRequests)
        #expect(failure?.counts.documentsRead == 10)
    }

    @Test func endsAtALastingFailureOfTheTarget() async throws {
        var script = ScriptedReplica.Script()
        script.onStore = { _ in throw CouchError(.unauthorized, "who are you", status: 401) }
        let receiver = ScriptedReplica(MemoryReplica(), script)
        let failure = await #expect(throws: ReplicationFailure.self) {
            try await Replicator(from: try source(10), to: receiver, options: .test()).run()
        }
        #expect(failure?.side == .target)
        #expect(receiver.storeCalls == 1, "what can't pass is not tried again")
    }

    @Test func readsNoFeedForEverThatDoesNotMove() async throws {
        var script = ScriptedReplica.Script()
        script.changePage = { page in
            var page = page
            (page.lastSequence, page.isAtEnd, page.pending) = (.zero, false, 5)
            return page
        }
        let failure = await #expect(throws: ReplicationFailure.self) {
            try await Replicator(
                from: ScriptedReplica(try source(10), script), to: MemoryReplica(), options: .test()
            ).run()
        }
        #expect((failure?.underlying as? CouchError)?.code == .malformedAnswer)
    }

    @Test func asksAgainForWhatASourceLeavesUnanswered() async throws {
        let dropped = Mutex(Set<DocumentID>())
        var script = ScriptedReplica.Script()
        script.onAnswer = { answer in
            dropped.withLock { $0.insert(answer.id).inserted } ? nil : answer
        }
        let target = MemoryReplica()
        let report = try await Replicator(
            from: ScriptedReplica(try source(12), script), to: target, options: .test()
        ).run()
        #expect(target.leaves.count == 12 && !report.isIncomplete)
    }

    @Test func storesDesignDocumentsLast() async throws {
        let source = MemoryReplica()
        try source.edit("_design/a", members: "")
        for number in 0..<40 { try source.edit(DocumentID("d\(number)"), members: "") }
        let order = Mutex<[DocumentID]>([])
        var script = ScriptedReplica.Script()
        script.onStore = { revisions in
            order.withLock { $0 += revisions.map(\.id) }
            return []
        }
        var options = ReplicationOptions.test()
        options.storesDesignDocumentsLast = true
        let target = MemoryReplica()
        _ = try await Replicator(from: source, to: ScriptedReplica(target, script), options: options).run()
        #expect(order.withLock { $0 }.last == "_design/a" && target.leaves.count == 41)
        #expect(try await target.checkpoint("test")?.sequence == UpdateSequence(.integer(41)))
    }

    @Test func fetchesByID() async throws {
        let source = MemoryReplica()
        for number in (0..<40).shuffled() { try source.edit(DocumentID("d\(number)"), members: "") }
        let order = Mutex<[DocumentID]>([])
        var script = ScriptedReplica.Script()
        script.onAnswer = { answer in
            order.withLock { $0.append(answer.id) }
            return answer
        }
        var options = ReplicationOptions.test()
        (options.pageSize, options.batchSize, options.fetchesByID) = (10, 100, true)
        let target = MemoryReplica()
        let report = try await Replicator(
            from: ScriptedReplica(source, script), to: target, options: options
        ).run()
        let asked = order.withLock { $0 }
        for start in stride(from: 0, to: 40, by: 10) {
            #expect(asked[start..<(start + 10)].elementsEqual(asked[start..<(start + 10)].sorted()))
        }
        #expect(target.leaves == source.leaves && !report.isIncomplete)
        #expect(try await target.checkpoint("test")?.sequence == UpdateSequence(.integer(40)))
    }

    @Test func copiesASelectionOrAList() async throws {
        let source = try source(30)
        var options = ReplicationOptions.test(id: nil)
        options.selection = { $0.id.text.hasSuffix("3") }
        let selected = MemoryReplica()
        _ = try await Replicator(from: source, to: selected, options: options).run()
        #expect(selected.leaves.map(\.id) == ["d13", "d23", "d3"])
        let listed = MemoryReplica()
        let report = try await Replicator(from: source, to: listed).copy(Array(source.leaves.prefix(4)))
        #expect(listed.leaves == Array(source.leaves.prefix(4)) && report.counts.checkpoints == 0)
    }

    @Test func noticesThatTheTargetWentBack() async throws {
        let source = try source(20)
        let (old, new) = (MemoryReplica(), MemoryReplica())
        _ = try await Replicator(from: source, to: old, options: .test()).run()
        // A snapshot of the target, with the checkpoint as it was then.
        _ = try await new.store(old.leafRevisions, checkpoint: try await old.checkpoint("test"))
        for number in 20..<40 { try source.edit(DocumentID("d\(number)"), members: "") }
        _ = try await Replicator(from: source, to: old, options: .test()).run()
        let report = try await Replicator(from: source, to: new, options: .test()).run()
        #expect(new.leaves == source.leaves && report.counts.revisionsStored == 20)
    }

    @Test func tellsItsProgressAndEndsTelling() async throws {
        let replicator = Replicator(from: try source(100), to: MemoryReplica(), options: .test())
        let last = try await withThrowingTaskGroup(of: ReplicationProgress?.self) { group in
            group.addTask {
                var last: ReplicationProgress?
                for await progress in replicator.progress { last = progress }
                return last
            }
            _ = try await replicator.run()
            return try await group.next() ?? nil
        }
        #expect(last?.counts.revisionsStored == 100 && last?.counts.documentsRead == 100)
    }

    @Test func tellsWhatItWaitsForUntilThatAnswers() async throws {
        let (noticed, notice) = AsyncStream.makeStream(of: Void.self)
        var script = ScriptedReplica.Script()
        script.onChanges = { if $0 == 1 { throw CouchError(.unreachable, "nobody is there") } }
        // A pause ends when somebody was told of it.
        let clock = RunClock(
            now: { .now },
            sleep: { _ in
                for await () in noticed { break }
            })
        let told = Mutex<[ReplicationProgress]>([])
        let replicator = Replicator(
            from: ScriptedReplica(try source(10), script), to: MemoryReplica(), options: .test(), clock: clock)
        _ = try await replicator.run { state in
            told.withLock { $0.append(state) }
            if state.wait != nil { notice.yield() }
        }
        let states = told.withLock { $0 }
        guard case .server(.source, _, let cause)? = states.compactMap(\.wait).first else {
            Issue.record("nobody was told")
            return
        }
        #expect(cause.contains("nobody is there"))
        #expect(states.last?.counts.revisionsStored == 10 && states.last?.wait == nil)
    }
}
