import CouchSim
import Foundation
import Testing

/// A process that may open few files: what SQLite can't open is told as that.
@Suite(.timeLimit(.minutes(2))) struct OpenFilesTests {
    @Test func aLowLimitIsNeitherDamageNorWantOfRights() async throws {
        try await withSimulatedServer { server in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders"], of: server)
                var told = 0
                for limit in 8...18 {
                    let run = try await Program.shell(
                        "ulimit -n \(limit); \"$COUCHKEEP\" vault check --read-data --vault vault", in: scene.folder)
                    #expect([0, 1].contains(run.exitCode), "\(limit): \(run)")
                    let next = "[too-many-open-files]; let couchkeep open 1024 files, and not only \(limit),"
                    if run.exitCode == 1 { #expect(run.errors.contains(next), "\(limit): \(run)") }
                    told += run.errors.contains(next) ? 1 : 0
                }
                #expect(told > 0)
            }
        }
    }
}
