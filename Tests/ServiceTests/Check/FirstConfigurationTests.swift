import CouchDB
import Testing

@testable import Service

/// What `init` says of a login that is not enough.
@Suite struct FirstConfigurationTests {
    @Test("Without a user the option is named that gives one", arguments: ["source", "target"])
    func noUser(side: String) throws {
        let error = FirstConfiguration.notAnAdmin(nil, at: try ServerURL("http://couch:5984"), side)
        #expect(error.code == .forbidden)
        #expect("\(error)".contains("no user was given for the \(side) http://couch:5984"), "\(error)")
        #expect("\(error)".contains("--\(side)-user") && !"\(error)".contains("nobody"), "\(error)")
    }

    @Test("A user who is no server admin is named, and the side")
    func notAnAdmin() throws {
        let error = FirstConfiguration.notAnAdmin("ann", at: try ServerURL("http://couch:5984"), "target")
        #expect("\(error)".contains("ann is no server admin at the target http://couch:5984"), "\(error)")
    }
}
