import CouchDB
import Secrets

/// A server of the configuration: how Couchkeep reaches it, and how replications do.
package struct SupervisedServer: Sendable {
    /// The name in the configuration.
    package var name: String
    /// Couchkeep's own connection.
    package var connection: ServerConnection
    /// How the server that runs a replication reaches this one.
    package var access: ReplicationAccess
    /// Whether Couchkeep logs in, so that an answer for nobody is a rejection.
    package var expectsUser: Bool
    /// Why a secret of this server can't be had; without it nothing but `GET /` is asked.
    package var secretError: SecretError?

    /// The code of an error that is about the file of certificates: then not even that is asked.
    package static let certificatesUnusable = SecretError.Code(rawValue: "ca-file-unusable")

    package init(
        name: String, connection: ServerConnection, access: ReplicationAccess, expectsUser: Bool,
        secretError: SecretError? = nil
    ) {
        self.name = name
        self.connection = connection
        self.access = access
        self.expectsUser = expectsUser
        self.secretError = secretError
    }
}
