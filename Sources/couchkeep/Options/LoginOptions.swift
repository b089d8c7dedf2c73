import ArgumentParser
import CouchDB
import Foundation
import Secrets

/// How to log in to the server of a database that the command line names.
struct LoginOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The user; the URL may name one too.", valueName: "user")) var user: String?
    @Option(
        help: ArgumentHelp(
            "A file with the password, mode 0600.", discussion: "Without it: $COUCHKEEP_PASSWORD.", valueName: "file"))
    var passwordFile: String?
    @Flag(
        help: ArgumentHelp(
            "Send the user and the password with each request, to a server without sessions, such as couchkeep serve."))
    var basic = false
    @Option(help: ArgumentHelp("A file with certificates of authorities to trust.", valueName: "file"))
    var caFile: String?

    /// Whether any of them is given.
    var isGiven: Bool { user != nil || passwordFile != nil || caFile != nil || basic }

    /// A database by its URL, logged in to.
    ///
    /// - Throws: `CouchError` with code `invalid-input`, `SecretError`.
    func database(_ text: String) async throws -> CouchDatabase {
        let parsed = try ServerURL.parseDatabase(text)
        let server = try await server(parsed.url, user: parsed.user, password: parsed.password)
        return CouchDatabase(server: server, name: parsed.database)
    }

    /// A server by its URL, logged in to.
    func server(_ text: String) async throws -> ServerConnection {
        let parsed = try ServerURL.parse(text)
        return try await server(parsed.url, user: parsed.user, password: parsed.password)
    }

    private func server(_ url: ServerURL, user inURL: String?, password inURLPassword: Secret?) async throws
        -> ServerConnection
    {
        if inURLPassword != nil {
            Console.error(
                "warning: the password stands in the command line, where others can see it; better use --user and "
                    + "--password-file, or COUCHKEEP_PASSWORD")
        }
        let given = try await password()
        if given != nil, user == nil, inURL == nil {
            Console.error(
                "warning: there is a password (--password-file or COUCHKEEP_PASSWORD) and no user; name one with --user"
            )
        }
        if given != nil, inURLPassword != nil {
            let used = passwordFile == nil ? "COUCHKEEP_PASSWORD" : "--password-file"
            Console.error("warning: the password of \(used) is used, and not the one in the URL")
        }
        let password = given ?? inURLPassword
        let authentication: Authentication =
            if let user = user ?? inURL, basic {
                .basic(user: user, password: password ?? Secret(""))
            } else if let user = user ?? inURL {
                .session(user: user, password: password ?? Secret(""))
            } else {
                .none
            }
        return try ServerConnection(
            url: url, authentication: authentication,
            configuration: ConnectionConfiguration(certificateAuthorityFile: caFile))
    }

    private func password() async throws -> Secret? {
        if let passwordFile { return try await SecretSource.file(URL(fileURLWithPath: passwordFile).path).resolve() }
        guard ProcessInfo.processInfo.environment["COUCHKEEP_PASSWORD"] != nil else { return nil }
        return try await SecretSource.environment("COUCHKEEP_PASSWORD").resolve()
    }
}
