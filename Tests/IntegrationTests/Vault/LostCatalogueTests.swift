import CouchSim
import Foundation
import Secrets
import Testing

/// A vault whose catalogue is lost or damaged says so, and its catalogue can be made anew.
@Suite(.timeLimit(.minutes(2)))
struct LostCatalogueTests {
    enum Harm: String, CaseIterable {
        case removed, empty, overwritten, truncated, changed
    }

    @Test(arguments: Harm.allCases)
    func theCatalogueIsMadeAnew(harm: Harm) async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders", "zoo"], of: source)
                try inflict(harm, in: scene)
                let before = try FileManager.default.contentsOfDirectory(atPath: scene.vault).sorted()
                for command in [["vault", "list"], ["vault", "check"], ["serve", "--port", "0"]] {
                    let run = try await scene.run(command + ["--vault", scene.vault])
                    #expect(run.exitCode == 15, "\(command): \(run)")
                    #expect((run.output + run.errors).contains("couchkeep vault rebuild"), "\(command): \(run)")
                }
                let backup = try await scene.backUp("orders", of: source)
                #expect(backup.exitCode == 15 && backup.errors.contains("vault rebuild"), "\(backup)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: scene.vault).sorted() == before)

                let rebuilt = try await scene.run(["vault", "rebuild", "--vault", scene.vault])
                #expect(rebuilt.exitCode == 0 && rebuilt.output.contains("2 backups"), "\(rebuilt)")
                #expect(try scene.mode("vault/catalogue.sqlite") == 0o600)
                let check = try await scene.run(["vault", "check", "--read-data", "--vault", scene.vault])
                #expect(check.exitCode == 0 && check.output.contains("zoo: sound"), "\(check)")
                try source.fill("orders", prefix: "later", count: 2)
                let next = try await scene.backUp("orders", of: source)
                #expect(next.exitCode == 0 && next.output.contains("moment #2"), "\(next)")
                #expect(!next.output.contains("epoch"), "\(next)")
                #expect(try await scene.restore("zoo", to: "zoo", of: target).exitCode == 0)
                #expect(try target.leaves(of: "zoo") == source.leaves(of: "zoo"))
            }
        }
    }

    @Test func aDamagedBackupIsLeftOut() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                for name in ["orders", "zoo"] {
                    source.makeDatabases(name)
                    #expect(try await scene.backUp(name, of: source).exitCode == 0)
                }
                try inflict(.removed, in: scene)
                let folders = try FileManager.default.contentsOfDirectory(atPath: "\(scene.vault)/databases")
                let zoo = try #require(folders.first { $0.hasPrefix("zoo") })
                try Data().write(to: URL(filePath: "\(scene.vault)/databases/\(zoo)/database.sqlite"))
                let run = try await scene.run(["vault", "rebuild", "--vault", scene.vault])
                #expect(run.exitCode == 15 && run.output.contains("1 backup again: orders"), "\(run)")
                #expect(run.errors.contains(zoo) && run.errors.contains("[vault-damaged]"), "\(run)")
                #expect(try await scene.run(["vault", "list", "orders", "--vault", scene.vault]).exitCode == 0)
            }
        }
    }

    /// A sound catalogue knows what the newest moment was, and is not replaced.
    @Test func aSoundCatalogueStays() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                #expect(try scene.mode("vault/catalogue.sqlite") == 0o600)
                let run = try await scene.run(["vault", "rebuild", "--vault", scene.vault])
                #expect(run.exitCode == 0 && run.output.contains("sound"), "\(run)")
                let none = try await scene.run(["vault", "rebuild", "--vault", scene.path("nowhere")])
                #expect(none.exitCode == 2 && none.errors.contains("[not-a-vault]"), "\(none)")
            }
        }
    }

    private func inflict(_ harm: Harm, in scene: VaultScene) throws {
        let path = "\(scene.vault)/catalogue.sqlite"
        guard harm != .removed else { return try FileManager.default.removeItem(atPath: path) }
        let file = try FileHandle(forUpdating: URL(filePath: path))
        switch harm {
        case .overwritten: try file.write(contentsOf: Data(repeating: 0xa5, count: 5000))
        case .truncated: try file.truncate(atOffset: 5000)
        case .changed:
            // The name of a backup, as its row has it.
            let data = try file.readToEnd() ?? Data()
            let place = try #require(data.range(of: Data("orders".utf8), options: .backwards))
            try file.seek(toOffset: UInt64(place.lowerBound))
            try file.write(contentsOf: Data("borders".utf8))
        default: try file.truncate(atOffset: 0)
        }
        try file.close()
    }
}
