import CouchDB

extension SimulatedServer {
    /// Makes a new revision of a document.
    @discardableResult
    func edit(
        _ input: DocumentInput, id: String, contents: [String: [UInt8]] = [:], in database: Database,
        context: WriteContext
    ) throws(CouchFailure) -> RevisionID {
        let input = try prepared(input, id: id, in: database, context: context)
        defer { written(to: database) }
        return try database.write { content throws(CouchFailure) in
            try content.edit(input, id: id, contents: contents, context: context)
        }
    }

    /// Takes a revision of a document in.
    func replicate(
        _ input: DocumentInput, id: String, contents: [String: [UInt8]] = [:], to database: Database,
        context: WriteContext
    ) throws(CouchFailure) {
        defer { written(to: database) }
        try database.write { content throws(CouchFailure) in
            try content.replicate(input, id: id, contents: contents, context: context)
        }
    }

    private func written(to database: Database) {
        if database.isReplicator { scheduler.wake() }
    }

    /// What the server makes of a document before it is written: replications get an owner, users a hash.
    private func prepared(
        _ input: DocumentInput, id: String, in database: Database, context: WriteContext
    ) throws(CouchFailure) -> DocumentInput {
        guard !input.isDeleted, !id.hasPrefix("_design/"), context.user != .server else { return input }
        var input = input
        if database.isReplicator {
            try ReplicationSpecification.check(input, flavour: flavour)
            if let name = context.user.name, input["owner"] == nil {
                input.members.append(OrderedJSON.Member("owner", .string(name)))
            }
        } else if database.name == "_users", let password = input["password"]?.string {
            input.members.removeAll { $0.name == "password" }
            input.members.append(OrderedJSON.Member("password_scheme", "simple"))
            input.members.append(OrderedJSON.Member("derived_key", .string(PasswordHash.hash(password))))
        }
        return input
    }
}
