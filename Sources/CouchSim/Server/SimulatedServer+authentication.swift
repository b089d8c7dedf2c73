import CouchDB
import Crypto
import Foundation
import HTTPTypes
import Secrets
import Synchronization

extension SimulatedServer {
    /// Finds out who sends a request.
    func authenticate(_ request: SimulatedRequest) throws(CouchFailure) -> UserContext {
        if let header = request.headers[.authorization], header.lowercased().hasPrefix("basic ") {
            let text = header.dropFirst(6).trimmingCharacters(in: .whitespaces)
            guard let data = Data(base64Encoded: text), let pair = String(data: data, encoding: .utf8),
                let colon = pair.firstIndex(of: ":"),
                var user = user(String(pair[..<colon]), password: String(pair[pair.index(after: colon)...]))
            else { throw .wrongPassword }
            user.handler = "default"
            return user
        }
        if let cookie = sessionCookie(of: request) { return try user(cookie: cookie) }
        return .anonymous
    }

    /// 1.x lets nobody in without credentials where `require_valid_user` is set, also not to `POST /_session`
    /// (`authenticate_request` of couch_httpd.erl).
    func expectUser(_ user: UserContext) throws(CouchFailure) {
        let isRequired = state.withLock { $0.configuration["couch_httpd_auth", "require_valid_user"] == "true" }
        guard flavour.isSingleNode, isRequired, user.name == nil else { return }
        throw .unauthorized("Authentication required.")
    }

    /// Looks a user up: administrators first, then the option's users, then documents in `_users`.
    func user(_ name: String, password: String) -> UserContext? {
        if let expected = state.withLock({ $0.configuration.administrators[name] }) {
            return expected == password ? UserContext(name: name, roles: ["_admin"]) : nil
        }
        if let known = options.users.first(where: { $0.name == name }) {
            return known.password.reveal() == password ? UserContext(name: name, roles: known.roles) : nil
        }
        guard let document = userDocument(name), document["derived_key"]?.string == PasswordHash.hash(password) else {
            return nil
        }
        return UserContext(name: name, roles: document["roles"]?.elements?.compactMap(\.string) ?? [])
    }

    /// A session cookie for a user, good for the configured time.
    func makeCookie(for name: String) -> String {
        let time = String(Int(options.now().timeIntervalSince1970), radix: 16, uppercase: true)
        return Data("\(name):\(time):\(signature(name: name, time: time))".utf8).base64URL
    }

    private func user(cookie: String) throws(CouchFailure) -> UserContext {
        let expired = CouchFailure.unauthorized("Malformed AuthSession cookie. Please clear your cookies.")
        guard let data = Data(base64URL: cookie), let text = String(data: data, encoding: .utf8) else {
            throw CouchFailure(400, "bad_request", "Malformed AuthSession cookie. Please clear your cookies.")
        }
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 3, let time = Int(parts[1], radix: 16) else { throw expired }
        // A cookie that is too old, or was made with an old password, is as good as none.
        guard parts[2] == signature(name: parts[0], time: parts[1]),
            options.now().timeIntervalSince1970 - Double(time) < Double(options.sessionTimeout.components.seconds)
        else { return .anonymous }
        return UserContext(name: parts[0], roles: roles(of: parts[0]), handler: "cookie")
    }

    private func signature(name: String, time: String) -> String {
        let secret =
            state.withLock { $0.configuration.administrators[name] }
            ?? options.users.first { $0.name == name }?.password.reveal()
            ?? userDocument(name)?["derived_key"]?.string ?? ""
        let key = SymmetricKey(data: Array("\(uuid):\(secret)".utf8))
        return RevisionHash.hexadecimal(HMAC<SHA256>.authenticationCode(for: Array("\(name):\(time)".utf8), using: key))
    }

    private func roles(of name: String) -> [String] {
        if state.withLock({ $0.configuration.administrators[name] }) != nil { return ["_admin"] }
        if let known = options.users.first(where: { $0.name == name }) { return known.roles }
        return userDocument(name)?["roles"]?.elements?.compactMap(\.string) ?? []
    }

    private func userDocument(_ name: String) -> OrderedJSON? {
        // No database of users, or no such document: no such user.
        guard let users = try? database("_users"),
            let winner = users.read({ $0.documents["org.couchdb.user:\(name)"]?.tree.winner }), !winner.isDeleted,
            let body = winner.body
        else { return nil }
        return try? JSONParser.parse(OrderedJSON.document([], body.members).serialized)
    }

    private func sessionCookie(of request: SimulatedRequest) -> String? {
        guard let header = request.headers[.cookie] else { return nil }
        for pair in header.split(separator: ";") {
            let text = pair.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("AuthSession="), text.count > 12 { return String(text.dropFirst(12)) }
        }
        return nil
    }
}
