import CouchDB
import Secrets
import Synchronization

/// What tests and the demo do to a server behind its back, without HTTP.
extension SimulatedServer {
    /// Makes databases; those that are there stay as they are.
    package func makeDatabases(_ names: String...) {
        for name in names { createDatabase(name) }
    }

    /// Removes a database.
    package func dropDatabase(_ name: String) throws {
        try deleteDatabase(name)
        scheduler.wake()
    }

    /// Writes a document as an administrator would; an existing one is replaced, whatever its revision.
    @discardableResult
    package func put(_ id: String, _ document: JSONValue = [:], in name: String) throws -> RevisionID {
        let database = try database(name)
        var input = try DocumentInput(try JSONParser.parse(Array(document.serialized())))
        input.revision = database.read { $0.documents[id]?.tree.winner?.id }
        let user = UserContext(name: administrator, roles: ["_admin"])
        let context = WriteContext(
            user: user, isDatabaseAdmin: true, validator: state.withLock { $0.validators[name] })
        return try edit(input, id: id, in: database, context: context)
    }

    /// Writes so many documents, named `prefix-1` and so on.
    package func fill(_ name: String, prefix: String = "document", count: Int) throws {
        for number in 1...max(1, count) where count > 0 {
            try put("\(prefix)-\(number)", ["value": .integer(Int64(number))], in: name)
        }
    }

    /// Deletes a document.
    package func delete(_ id: String, in name: String) throws {
        try put(id, ["_deleted": true], in: name)
    }

    /// The documents of a database, deleted ones included, with their leaf revisions.
    package func leaves(of name: String) throws -> [String: LeafSet] {
        try database(name).read { content in content.documents.mapValues(\.tree.leafSet) }
    }

    /// The number of documents that are not deleted.
    package func documentCount(of name: String) throws -> Int { try database(name).read { $0.documentCount } }

    /// Sets or changes an administrator's password; cookies made with the old one are void.
    package func setPassword(_ password: Secret, of name: String) {
        _ = setting("admins", name, to: password.reveal())
    }

    /// Puts a rule in Swift on a database, beside those of its design documents; nil takes it away.
    package func validate(
        _ name: String, with rule: (@Sendable (_ document: JSONValue) throws(Refusal) -> Void)?
    ) {
        state.withLock { $0.validators[name] = rule }
    }

    /// Sets the security object of a database.
    package func setSecurity(_ json: JSONValue, of name: String) throws {
        let object = try JSONParser.parse(Array(json.serialized()))
        try database(name).write { content in
            content.security = object
            content.sequence += 1
        }
    }
}
