import CouchDB
import Supervision

/// What stands here before anything happens.
struct Opening {
    func play(_ scene: Scene) async throws {
        let (stage, narrator) = (scene.stage, scene.narrator)
        let contents = [
            (Scene.customers, "customer", 300), (Scene.invoices, "invoice", 200), (Scene.orders, "order", 1000),
        ]
        for (replication, prefix, count) in contents {
            try await stage.source.create(replication.database)
            try await scene.write(count, prefix, to: replication)
        }
        try await scene.folder.prepare(source: stage.source, target: stage.target, mailPort: scene.mailbox.port)
        narrator.heading("couchkeep demo")
        try await narrator.fact(stage.source.name, describe(stage.source, stage))
        try await narrator.fact(stage.target.name, describe(stage.target, stage))
        narrator.fact("mail", "an SMTP server in this process takes what is sent to \(OperatorFolder.recipient)")
        narrator.fact("configuration", scene.folder.configuration)
        narrator.gap()
        narrator.passage(
            "Whatever stands below was asked of these servers when it was printed, and the demo ends with an error if it "
                + "does not come out as told. \(stage.remark.map { "\($0) " } ?? "")Couchkeep looks again at what differs for half "
                + "a minute; here less where nothing is under way.")
    }

    /// Where a server is, and what is on it.
    private func describe(_ server: StageServer, _ stage: some Stage) async throws -> [String] {
        let names = try await server.userDatabases()
        return try await server.visit { connection in
            var contents: [String] = []
            for name in names {
                contents.append("\(name) \(Wording.number(try await connection.database(name).info().documentCount))")
            }
            let shown = contents.isEmpty ? "no databases yet" : contents.joined(separator: ", ") + " documents"
            return ["\(server.url), CouchDB \(try await connection.info().version) (\(stage.cast))", shown]
        }
    }
}
