/// Who may do what in a database, read from its security object.
struct Security: Sendable {
    let json: OrderedJSON

    /// The object of a new database.
    static func initial(_ flavour: Flavour) -> OrderedJSON {
        flavour.closesDatabases
            ? ["members": ["roles": ["_admin"]], "admins": ["roles": ["_admin"]]]
            : [:]
    }

    func isAdmin(_ user: UserContext) -> Bool { user.isServerAdmin || lists("admins", user) }

    func check(member user: UserContext) throws(CouchFailure) {
        let members = ["names", "roles"].flatMap { json["members"]?[$0]?.elements ?? [] }
        if isAdmin(user) || members.isEmpty || lists("members", user) { return }
        throw user.name == nil
            ? .unauthorized("You are not authorized to access this db.")
            : .forbidden("You are not allowed to access this db.")
    }

    private func lists(_ kind: String, _ user: UserContext) -> Bool {
        let names = json[kind]?["names"]?.elements?.compactMap(\.string) ?? []
        let roles = json[kind]?["roles"]?.elements?.compactMap(\.string) ?? []
        if let name = user.name, names.contains(name) { return true }
        return roles.contains(where: user.roles.contains)
    }
}
