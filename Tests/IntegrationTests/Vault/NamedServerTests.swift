import CouchDB
import CouchSim
import Foundation
import Secrets
import Testing

/// Commands that take a server or a database by its name in the configuration, with the login there.
@Suite(.timeLimit(.minutes(2))) struct NamedServerTests {
    @Test func databasesAreNamedAsTheConfigurationDoes() async throws {
        try await withVaultPairScene { scene in
            let (keeper, production) = (scene.keeper, scene.production)
            #expect(try await keeper.check().exitCode == 0)
            let restored = try await keeper.run("restore", "orders", "--to", "production/team/restored", "--at", "1")
            #expect(restored.exitCode == 0, "\(restored)")
            #expect(try production.documentCount(of: "team/restored") == 5)
            for command in ["list", "stats", "check"] {
                let named = try await keeper.run("vault", command, "vault:orders")
                #expect(named.exitCode == 0, "as reports name it: \(named)")
            }
            let equal = try await keeper.run("verify", "vault:orders", "production/team/restored")
            #expect(equal.exitCode == 0, "\(equal)")
            try production.put("new", ["v": 1], in: "orders")
            let different = try await keeper.run("repair", "production/orders", "production/team/restored")
            #expect(different.exitCode == 0, "\(different)")
            #expect(try production.documentCount(of: "team/restored") == 6)
            let vault = keeper.folder.appending(path: "other").path(percentEncoded: false)
            for words in [["production/orders"], ["production", "--all-databases"]] {
                let backup = try await Program.run(
                    ["backup", "--vault", vault, "--json", "--config", keeper.file] + words)
                #expect(backup.exitCode == 0 && backup.output.contains(#""backup" : "orders""#), "\(backup)")
            }
            let repair = try await keeper.run("vault", "repair", "orders", "--from", "production/orders")
            #expect(repair.exitCode == 0, "\(repair)")
            let all = try await keeper.run("restore", "--all-databases", "--to", "production/orders")
            #expect(all.exitCode == 2 && all.errors.contains("here a server is named alone: production"), "\(all)")
        }
    }

    @Test func aNameThatIsNoneIsTold() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            for (name, words) in [
                ("standby/orders", "has production"), ("localhost:5984/orders", "no URL, which begins with http://"),
                ("production", "names no database"),
            ] {
                let run = try await scene.keeper.run("restore", "orders", "--to", name)
                #expect(run.exitCode == 2 && run.errors.contains(words), "\(name): \(run)")
            }
            let login = try await scene.keeper.run("restore", "orders", "--to", "production/x", "--user", "admin")
            #expect(login.exitCode == 2 && login.errors.contains("has its own login"), "\(login)")
            let bare = try await Program.run(["restore", "orders", "--to", "production/x", "--vault", scene.vault])
            #expect(
                bare.exitCode == 2 && bare.errors.contains("there is no configuration that names a server so"),
                "\(bare)")
            let address = try await Program.run(["restore", "orders", "--to", "couch:5984/x", "--vault", scene.vault])
            #expect(address.exitCode == 2 && address.errors.contains("must begin with http://"), "\(address)")
        }
    }

    /// A pair with the vault as its target is backed up into the usual folder where the configuration names none.
    @Test func allCommandsLookWhereThePairsAreBackedUp() async throws {
        try await withKeeper { keeper in
            func message(target: String) async throws -> String {
                try keeper.configure(
                    """
                    servers: { production: { url: "http://127.0.0.1:1" }, standby: { url: "http://127.0.0.1:2" } }
                    pairs: [{ source: production, target: \(target), databases: [orders] }]
                    """)
                return try await keeper.run("vault", "list", "none-is-called-so").errors
            }
            let (usual, here) = (try await message(target: "vault"), try await message(target: "standby"))
            #expect(usual.contains("/var/lib/couchkeep/vault"), "\(usual)")
            #expect(here.contains("/couchkeep-vault"), "\(here)")
        }
    }
}
