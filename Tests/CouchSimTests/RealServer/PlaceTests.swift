import Foundation
import Testing

@testable import CouchSim

/// Where a real CouchDB is looked for.
@Suite struct PlaceTests {
    @Test(arguments: ["/nonexistent/couchdb", "/etc", "/etc/passwd"])
    func aWrongVariableIsToldAndNothingElseIsTaken(path: String) {
        let place = LocalCouchDB.Place(environment: ["COUCHDB_BIN": path])
        #expect(place.executable == nil)
        #expect(place.advice.contains("COUCHDB_BIN names \(path)"))
    }

    @Test func theVariableComesFirst() {
        #expect(LocalCouchDB.Place(environment: ["COUCHDB_BIN": "/bin/sh"]).executable == "/bin/sh")
    }

    @Test(arguments: [[:], ["COUCHDB_BIN": ""]])
    func withoutItTheUsualPlaceIsTaken(environment: [String: String]) {
        let usual = "/opt/couchdb/bin/couchdb"
        let place = LocalCouchDB.Place(environment: environment)
        #expect(place.executable == (FileManager.default.isExecutableFile(atPath: usual) ? usual : nil))
        #expect(place.advice.contains("install Apache's package"))
    }
}
