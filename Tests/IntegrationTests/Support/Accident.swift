import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// One pair of databases on real servers, to which something happens.
struct Accident: Sendable {
    /// What happens, for the table.
    let name: String
    let keeper: Keeper
    let servers: RealServers
    /// The name of the database on both sides.
    let database: String

    var source: CouchDatabase { servers.source.database(database) }
    var target: CouchDatabase { servers.target.database(database) }
    var replicator: CouchDatabase { servers.target.database("_replicator") }
    var pair: Pair {
        Pair(
            name: database, source: DatabaseAddress(server: "production", database: database),
            target: DatabaseAddress(server: "standby", database: database))
    }
    /// The id of the replication document that Couchkeep makes.
    var documentID: String { OwnershipMark.documentID(for: pair) }

    /// What was seen of the accident.
    struct Detection {
        /// The pass after the accident that saw it, from 1.
        var pass: Int
        var checked: Keeper.Checked
        var finding: Finding?
    }

    /// Writes documents `from` to `through` at the source.
    func write(_ numbers: ClosedRange<Int>, at side: CouchDatabase? = nil) async throws {
        let database = side ?? source
        for start in stride(from: numbers.lowerBound, through: numbers.upperBound, by: 500) {
            let end = min(start + 499, numbers.upperBound)
            let documents = (start...end).map { number -> JSONValue in
                ["_id": .string("document-\(number)"), "value": .integer(Int64(number))]
            }
            let answer = try await database.server.json(
                .post, [database.name, "_bulk_docs"], body: ["docs": .array(documents)])
            let refused = (answer.array ?? []).filter { $0["error"] != nil }
            try #require(refused.isEmpty, "\(refused)")
        }
    }

    /// Waits until the target holds so many documents.
    func waitForCopies(_ count: Int, within limit: Duration = .seconds(60)) async throws {
        try await Polling.until("\(name): \(count) documents at the target", within: limit) {
            try await target.info().documentCount == count
        }
    }

    /// Checks until a rule has fired: it found something, or its repair has already ended what it found.
    func detect(_ rule: String, within passes: Int, options: String...) async throws -> Detection {
        var last: Keeper.Checked?
        for pass in 1...passes {
            let checked = options.isEmpty ? try await keeper.check() : try await keeper.check(options[0])
            if checked.rules.contains(rule) {
                return Detection(pass: pass, checked: checked, finding: checked.finding(rule))
            }
            last = checked
            try await Polling.pause(.milliseconds(500))
        }
        CaseTable.note(name, rule: "\(rule) did not fire", pass: passes, repaired: "no")
        throw NotSeen(description: "\(name): \(rule) not within \(passes) passes: \(String(describing: last))")
    }

    /// Checks until all is well, and returns how many passes that took.
    func recover(within limit: Duration = .seconds(90)) async throws -> Int {
        var passes = 0
        var last: Keeper.Checked?
        do {
            try await Polling.until("\(name): all well", within: limit, every: .milliseconds(500)) {
                passes += 1
                let checked = try await keeper.check()
                last = checked
                return checked.alarms.isEmpty && checked.exitCode == 0
            }
        } catch let error as Polling.TimedOut {
            throw NotSeen(description: "\(error); last: \(String(describing: last))")
        }
        return passes
    }

    /// Shows that a document written now arrives, then writes the line of the table.
    func proveRepaired(_ detection: Detection, rule: String, by whom: String = "couchkeep") async throws {
        let passes = try await recover()
        let id = "proof-\(UUID().uuidString)"
        _ = try await source.putDocument(id, members: ["proof": true])
        try await Polling.until("\(name): a new document arrives") { try await target.document(id) != nil }
        let counts = (try await source.info().documentCount, try await target.info().documentCount)
        #expect(counts.0 == counts.1, "\(name)")
        CaseTable.note(
            name, rule: rule, pass: detection.pass, repaired: "yes, by \(whom), all well after \(passes) more")
    }

    struct NotSeen: Error, CustomStringConvertible { let description: String }
}

/// Makes a database with 20 documents at the source, and checks until its backup is complete.
func withAccident<Result>(
    _ name: String, database: String, servers: RealServers? = RealServers.shared, documents: Int = 20,
    adjust: (inout ConfigurationText) -> Void = { _ in }, _ body: (Accident) async throws -> Result
) async throws -> Result {
    let servers = try #require(servers)
    return try await withKeeper { keeper in
        var configuration = servers.configuration
        configuration.databases = "[\"\(database)\"]"
        adjust(&configuration)
        try keeper.configure(configuration.yaml)
        let accident = Accident(name: name, keeper: keeper, servers: servers, database: database)
        try await accident.source.create()
        try await accident.write(1...documents)
        let checked = try await keeper.check()
        #expect(checked.alarms.isEmpty, "\(name): \(checked.details)")
        try await accident.waitForCopies(documents)
        // From here on the program knows that the backup was complete.
        try await Polling.until("\(name): caught up") {
            let checked = try await keeper.check()
            #expect(checked.alarms.isEmpty, "\(name): \(checked.details)")
            return checked.report.pairs.allSatisfy { $0.lag.changes == 0 }
        }
        return try await body(accident)
    }
}
