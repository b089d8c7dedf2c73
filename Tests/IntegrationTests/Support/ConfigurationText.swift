import CouchSim
import Secrets

/// The text of a configuration file for two servers.
struct ConfigurationText {
    /// A server as the file names it.
    struct Server {
        var url: String
        var user: String
        var password: String
        /// Further members, such as `replication_url: …`.
        var more = ""

        init(url: String, user: String, password: Secret, more: String = "") {
            self.url = url
            self.user = user
            self.password = password.reveal()
            self.more = more
        }

        init(_ server: LocalCouchDB) {
            self.init(url: server.baseURL, user: server.administrator, password: server.password)
        }

        init(_ server: SimulatedServer) {
            self.init(url: server.baseURL, user: server.administrator, password: server.password)
        }
    }

    var production: Server
    var standby: Server
    /// The items of the list, as YAML.
    var databases = #"["*"]"#
    /// Further members of the pair, such as `create_target: false`.
    var pair = ""
    /// Further sections.
    var more = ""

    /// Repairs may follow each other at once, so that a test need not wait.
    var yaml: String {
        """
        servers:
          production: \(Self.members(production))
          standby: \(Self.members(standby))
        pairs:
          - source: production
            target: standby
            databases: \(databases)
            \(pair)
        repairs: { backoff: 1s, per_hour: 1000 }
        unprotected: { report: false }
        \(more)
        """
    }

    private static func members(_ server: Server) -> String {
        let more = server.more.isEmpty ? "" : ", \(server.more)"
        return #"{ url: "\#(server.url)", user: "\#(server.user)", password: "\#(server.password)"\#(more) }"#
    }
}
