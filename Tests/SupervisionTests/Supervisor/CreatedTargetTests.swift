import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

/// Only a target that Couchkeep has made itself gets the source's `_security`.
@Suite(.timeLimit(.minutes(5))) struct CreatedTargetTests {
    private let byHand: JSONValue = ["members": ["names": ["alice"]]]

    private func withSource(_ body: @escaping @Sendable (Household) async throws -> Void) async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            try home.source.setSecurity(["members": ["roles": ["sales"]]], of: "orders")
            try await body(home)
        }
    }

    private func hasSecurityOfSource(_ home: Household) throws -> Bool {
        func security(_ server: SimulatedServer) throws -> OrderedJSON? {
            try server.database("orders").read { $0.security }
        }
        return try security(home.source) == security(home.target)
    }

    @Test("A target that the server refused to make, and that somebody then made by hand, keeps its _security")
    func refused() async throws {
        try await withSource { home in
            let fault = home.target.faults.add(Fault(Fault.serverError, method: "PUT", pathPrefix: "/orders"))
            #expect(try await home.check().repairs(.failed) == ["orders: create-target"])
            home.target.faults.remove(fault)
            home.target.makeDatabases("orders")
            home.clock.advance(60)
            let report = try await home.check()
            #expect(report.done == ["orders: create-replication"])
            #expect(try !hasSecurityOfSource(home))
        }
    }

    @Test(
        "A target that was made and has not got its _security gets it later, unless somebody has set one",
        arguments: [false, true])
    func unfinished(isSetByHand: Bool) async throws {
        try await withSource { home in
            let fault = home.target.faults.add(Fault(Fault.serverError, method: "PUT", pathContains: "_security"))
            #expect(try await home.check().repairs(.failed) == ["orders: create-target"])
            home.target.faults.remove(fault)
            if isSetByHand { try home.target.setSecurity(byHand, of: "orders") }
            home.clock.advance(60)
            let report = try await home.check()
            #expect(report.done == ["orders: copy-security", "orders: create-replication"])
            #expect(report.pairs[0].repairs[0].detail.contains("somebody has set it") == isSetByHand)
            #expect(try hasSecurityOfSource(home) == !isSetByHand)
        }
    }

    @Test(
        "A target of which nobody heard whether it was made is taken for Couchkeep's while it is empty",
        arguments: [(.hangUp, 0), (.hangUp, 1), (.page("<html>Gateway Time-out</html>", status: 504), 0)]
            as [(Fault.Effect, Int)])
    func unheard(effect: Fault.Effect, documents: Int) async throws {
        try await withSource { home in
            let fault = home.target.faults.add(Fault(effect, method: "PUT", pathPrefix: "/orders"))
            #expect(try await home.check().repairs(.failed) == ["orders: create-target"])
            home.target.faults.remove(fault)
            if (try? home.target.database("orders")) == nil { home.target.makeDatabases("orders") }
            try home.target.fill("orders", count: documents)
            home.clock.advance(60)
            _ = try await home.check()
            #expect(try hasSecurityOfSource(home) == (documents == 0))
        }
    }

    @Test("A creation of which nothing is there is forgotten: what is made by hand later is not Couchkeep's")
    func nothingThere() {
        var scene = Scene()
        scene.target = .missing
        scene.memory.creation = .begun
        _ = scene.pass()
        #expect(scene.memory.creation == nil)
    }
}
