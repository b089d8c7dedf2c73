/// Who a server takes us for, at `GET /_session`.
public struct SessionInfo: Sendable, Hashable {
    /// The user's name; nil for nobody.
    public let userName: String?
    /// The user's roles.
    public let roles: [String]

    /// Makes a description of a session.
    public init(userName: String?, roles: [String]) {
        self.userName = userName
        self.roles = roles
    }

    /// Reads the answer to `GET /_session`.
    ///
    /// - Throws: ``CouchError`` with code `not-couchdb` where there is no `userCtx`.
    public init(answer: JSONValue) throws {
        guard let user = answer["userCtx"] else {
            throw CouchError(.notCouchDB, "the answer does not describe a session")
        }
        self.init(userName: user["name"]?.string, roles: user["roles"]?.array?.compactMap(\.string) ?? [])
    }

    /// Whether the user may do everything, or the server has no administrator at all (1.x's “admin party”).
    public var isServerAdmin: Bool { roles.contains("_admin") }
}
