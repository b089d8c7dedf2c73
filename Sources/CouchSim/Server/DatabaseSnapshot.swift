/// What a copy of a database's files holds: documents, local documents, security object, sequence.
package struct DatabaseSnapshot: Sendable {
    /// The database's name.
    package let database: String
    let created: Int
    let content: DatabaseState
}

/// Something was asked of a simulated server that it can't do.
package struct SimulationError: Error, CustomStringConvertible {
    package let description: String
}

extension SimulatedServer {
    /// Copies a database as it is now.
    package func snapshot(of name: String) throws -> DatabaseSnapshot {
        let database = try database(name)
        return DatabaseSnapshot(database: name, created: database.created, content: database.content)
    }

    /// Puts a database back as it was, as if its files had been put back while the server was stopped.
    ///
    /// Local documents go back too, the creation time stays, and running jobs aren't told. A real server is stopped for
    /// that; so is this one where it matters, by ``stop()`` and ``start()`` around.
    package func rollback(to snapshot: DatabaseSnapshot) throws {
        let database = try database(snapshot.database)
        guard database.created == snapshot.created else {
            throw SimulationError(description: "\(snapshot.database) was made anew since the snapshot")
        }
        database.replace(content: snapshot.content)
        if database.isReplicator { scheduler.wake() }
    }
}
