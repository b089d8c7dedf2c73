/// `_security` as a server understands it: the order of names says nothing, and what is missing is an empty list.
///
/// From couch_db.erl, `get_admins` and `get_members`.
public struct SecurityObject: Sendable, Hashable {
    /// The four lists in order, and whatever else there is as it is.
    public let normalized: JSONValue

    /// Reads what `_security` has answered.
    public init(_ answer: JSONValue) {
        var members = answer.object ?? [:]
        for part in ["admins", "members"] {
            func set(_ kind: String) -> JSONValue {
                .array(Set((members[part]?[kind]?.array ?? []).compactMap(\.string)).sorted().map { .string($0) })
            }
            members[part] = ["names": set("names"), "roles": set("roles")]
        }
        normalized = .object(members)
    }

    /// Nothing at all: everybody may read and write.
    public static let open = SecurityObject([:])
    /// What CouchDB 3 gives to a new database.
    public static let forAdministrators = SecurityObject(
        ["admins": ["roles": ["_admin"]], "members": ["roles": ["_admin"]]])

    /// Whether somebody may change the database's settings and design documents.
    public func isAdministrator(_ session: SessionInfo) -> Bool {
        let names = normalized["admins"]?["names"]?.array?.compactMap(\.string) ?? []
        let roles = normalized["admins"]?["roles"]?.array?.compactMap(\.string) ?? []
        return session.isServerAdmin || session.userName.map(names.contains) == true
            || !Set(roles).isDisjoint(with: session.roles)
    }

    /// Whether it is what a new database has by itself, in whatever version: nobody has set it.
    public var isUnset: Bool { self == .open || self == .forAdministrators }
}
