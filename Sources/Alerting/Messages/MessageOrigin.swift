import Foundation

/// Who sends a message: shown to people and put into the labels that machines read.
package struct MessageOrigin: Sendable, Hashable, Codable {
    /// The machine on which Couchkeep runs.
    package var host: String
    /// The address of a status page, or empty.
    package var externalURL: String

    package init(host: String = ProcessInfo.processInfo.hostName, externalURL: String = "") {
        self.host = host
        self.externalURL = externalURL
    }
}
