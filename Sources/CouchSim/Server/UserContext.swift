/// Who sent a request.
struct UserContext: Sendable, Hashable {
    /// nil for a request without credentials.
    var name: String?
    var roles: [String] = []
    /// By which handler the user was recognised: `default` (basic), `cookie` or `jwt`.
    var handler: String?

    static let anonymous = UserContext()
    static let server = UserContext(name: "server", roles: ["_admin"])

    var isServerAdmin: Bool { roles.contains("_admin") }
}
