import CouchDB
import Foundation
import Secrets

/// How a simulated server is to be.
package struct ServerOptions: Sendable {
    /// The version that it plays; 1.x, 2.x and 3.x differ in what they offer.
    package var version = ServerVersion(3, 5)
    /// The `[couchdb] uuid`; random where nil.
    package var uuid: String?
    /// The administrator's name.
    package var administrator = "admin"
    /// The administrator's password.
    package var password = Secret("secret")
    /// Further users, who are no administrators.
    package var users: [User] = []
    /// Settings to begin with, by section and key. A fleet of a thousand jobs wants `max_jobs` of `replicator` above its
    /// default of 500, since jobs take turns otherwise.
    package var settings: [String: [String: String]] = [:]
    /// How many copies its databases say that each shard has (`n`); nil for as many as it has nodes, up to three.
    package var copies: Int?
    /// The nodes of its cluster beside the one that answers.
    package var otherNodes: [String] = []
    /// How fast the replicator's own times pass: its default interval of a minute takes 60 ms.
    package var pace = 1.0 / 1000
    /// How long a session cookie is good.
    package var sessionTimeout: Duration = .seconds(600)
    /// The wall clock.
    package var now: @Sendable () -> Date = { Date() }
    /// The clock by which the replicator waits.
    package var clock: any Clock<Duration> = ContinuousClock()

    /// A user that is known without a document in `_users`.
    package struct User: Sendable {
        package var name: String
        package var password: Secret
        package var roles: [String]

        package init(_ name: String, password: Secret, roles: [String] = []) {
            self.name = name
            self.password = password
            self.roles = roles
        }
    }

    /// A 3.5.0 server with the administrator `admin`.
    package init() {}

    /// A server of another version.
    package init(version: ServerVersion) { self.version = version }
}
