import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// The case for which Couchkeep was made: a target that was put back to a file snapshot taken while a job ran.
@Suite(.enabled(if: LocalCouchDB.isInstalled, RealServers.whySkipped), .timeLimit(.minutes(5)))
struct RollbackTests {
    @Test func targetPutBackToASnapshot() async throws {
        try await withRealServers { servers in
            try await withAccident(
                "target rolled back", database: "orders", servers: servers, documents: 1100
            ) { accident in
                try await putBack(accident, servers, losing: 1101...2100)
                // CouchDB says that all is well: the job runs, it has written everything, and nothing failed.
                try await Polling.until("the job runs again") {
                    let job = try await servers.target.schedulerDocument(accident.documentID)
                    return job?.state == .running && job?.statistics?.documentsWritten == 2100
                        && job?.statistics?.documentWriteFailures == 0
                }
                #expect(try await accident.target.info().documentCount == 1100)

                let found = try await accident.detect(TargetRolledBack.name, within: 1)
                #expect(found.checked.repairs.map(\.action) == ["reset-checkpoints"])
                try await accident.waitForCopies(2100)
                try await accident.proveRepaired(found, rule: TargetRolledBack.name)
                #expect(try await accident.target.info().documentCount == 2101)
            }
        }
    }

    /// By the next check it holds more than ever, and its checkpoint was written more often.
    @Test func targetPutBackThatHasGrownAgain() async throws {
        try await withRealServers { servers in
            try await withAccident(
                "target rolled back, and grown since", database: "orders", servers: servers, documents: 100
            ) { accident in
                try await putBack(accident, servers, losing: 101...120)
                for part in 0..<3 {
                    try await accident.write(201 + part * 50...250 + part * 50)
                    let count = 150 + part * 50
                    try await Polling.until("what came since is copied") {
                        try await accident.target.info().documentCount == count
                    }
                    try await waitForCheckpoint(accident)
                }
                let found = try await accident.detect(TargetRolledBack.name, within: 1)
                #expect(found.finding?.evidence["shownBy"]?.string?.contains("changed last") == true)
                #expect(found.checked.repairs.map(\.action) == ["reset-checkpoints"])
                try await accident.waitForCopies(270)
                try await accident.proveRepaired(found, rule: TargetRolledBack.name)
            }
        }
    }

    /// Puts the target's files back to how they were before these documents were copied, of which a check has seen all.
    private func putBack(
        _ accident: Accident, _ servers: RealServers, losing documents: ClosedRange<Int>
    ) async throws {
        try await waitForCheckpoint(accident)
        let copy = accident.keeper.folder.appending(path: "copy-of-the-data")
        try FileManager.default.copyItem(at: servers.standby.dataDirectory, to: copy)
        try await accident.write(documents)
        try await accident.waitForCopies(documents.upperBound)
        try await waitForCheckpoint(accident)
        #expect(try await accident.keeper.check().alarms.isEmpty)

        await servers.standby.stop()
        let data = servers.standby.dataDirectory
        try FileManager.default.removeItem(at: data)
        try FileManager.default.copyItem(at: copy, to: data)
        try await servers.standby.start()
    }

    /// Waits until both sides' checkpoints say that everything was copied.
    private func waitForCheckpoint(_ accident: Accident) async throws {
        let source = accident.source
        try await Polling.until("the checkpoint is written") {
            guard let base = try await accident.servers.target.schedulerDocument(accident.documentID)?.id?.base
            else { return false }
            for side in [source, accident.target] {
                guard let log = try await side.localDocument(base).flatMap(ReplicationLog.init(answer:)),
                    try await source.changesPending(since: log.sourceLastSequence) == 0
                else { return false }
            }
            return true
        }
    }
}
