import CouchDB
import Foundation
import Testing

@testable import Supervision

/// The rules about servers.
@Suite struct ServerRuleTests {
    private func situation(
        _ observation: ServerObservation, memory: ServerMemory = ServerMemory(), peers: [String] = [],
        unprotected: [String] = [], unmatched: [String] = []
    ) -> ServerSituation {
        ServerSituation(
            observation: observation, memory: memory, pairs: [Scene().pair], url: "http://couch1.example.org:5984",
            peerURLs: peers, unprotected: unprotected, unmatched: unmatched, now: Scene.start)
    }

    private func well(uuid: String? = "a1", settings: Observed<[String: String]> = .known([:])) throws
        -> ServerObservation
    {
        ServerObservation(
            name: "production", info: .known(Scene.server(uuid: uuid)),
            login: .known(SessionInfo(userName: "backup", roles: ["_admin"])),
            databaseNames: .known(["orders"]), databases: .known([:]),
            replications: ReplicationsObservation(
                jobs: .known([]), schedulerDocuments: .known([]), documents: .known([]), activeTasks: .known([]),
                settings: settings, missingNodes: .known([])))
    }

    private func found(_ situation: ServerSituation) -> [String] {
        RuleCatalogue.serverRules.compactMap { $0.diagnose(situation)?.rule }.sorted()
    }

    @Test("A server that is well")
    func healthy() throws {
        #expect(found(situation(try well())) == [])
    }

    @Test(
        "A server that does not answer, or is no CouchDB",
        arguments: [
            CouchError.Code.unreachable, .nameNotResolved, .tls, .timeout, .notCouchDB, .serverError,
        ])
    func unreachable(code: CouchError.Code) throws {
        var memory = ServerMemory()
        memory.lastReachable = Scene.start.addingTimeInterval(-60)
        let situation = situation(.unreachable("production", CouchError(code, "no")), memory: memory)
        #expect(found(situation) == ["server-unreachable"])
        let finding = try #require(ServerUnreachable.diagnose(situation))
        #expect(finding.severity == .critical)
        #expect(finding.evidence["lastReachable"] != nil)
        #expect(finding.evidence["pairs"] == 1)
    }

    @Test(
        "The step of a server that does not answer trusts the authority that Couchkeep trusts, and pastes into a shell",
        arguments: [
            (nil, "curl -sS http://couch1.example.org:5984/"),
            ("/etc/ca.pem", "curl -sS --cacert /etc/ca.pem http://couch1.example.org:5984/"),
            ("/etc/our ca.pem", "curl -sS --cacert '/etc/our ca.pem' http://couch1.example.org:5984/"),
        ] as [(String?, String)])
    func stepOfUnreachable(file: String?, next: String) throws {
        var situation = situation(.unreachable("production", CouchError(.tls, "no")))
        situation.authorityFile = file
        #expect(try #require(ServerUnreachable.diagnose(situation)).next == next)
    }

    @Test("A server that takes us for nobody", arguments: [CouchError.Code.unauthorized, .forbidden])
    func rejected(code: CouchError.Code) throws {
        #expect(found(situation(.unreachable("production", CouchError(code, "no")))) == ["credentials-rejected"])
        var observation = try well()
        observation.login = .unknown(CouchError(code, "no"))
        #expect(found(situation(observation)) == ["credentials-rejected"])
        observation.login = .unknown(CouchError(.timeout, "no"))
        #expect(found(situation(observation)) == [])
    }

    private static let locked = CouchError(
        .forbidden, "CouchDB answered 403 forbidden: Account is temporarily locked", status: 403, error: "forbidden",
        reason: "Account is temporarily locked due to multiple authentication failures")

    @Test("A locked account is no wrong secret: somebody at this address uses one, and it passes")
    func lockedAccount() throws {
        var (later, last) = (try well(), try well())
        later.login = .unknown(Self.locked)
        last.databaseNames = .unknown(Self.locked)
        for observation in [ServerObservation.unreachable("production", Self.locked), later, last] {
            let situation = situation(observation)
            #expect(found(situation) == ["credentials-rejected"])
            let finding = try #require(CredentialsRejected.diagnose(situation))
            #expect(finding.summary.contains("has locked the account") && !finding.summary.contains("rejects"))
            #expect(finding.next == AccountLock.remedy && finding.evidence["cause"] == "account-locked")
        }
    }

    @Test("A lock that Couchkeep's own login may have brought about does not hide that its secret is wrong")
    func ownLock() throws {
        var memory = ServerMemory()
        func step(_ observation: ServerObservation) -> String? {
            let finding = CredentialsRejected.diagnose(situation(observation, memory: memory))
            memory.advance(after: observation, at: Scene.start, findings: [finding].compactMap(\.self))
            return finding?.next
        }
        let locked = ServerObservation.unreachable("production", Self.locked)
        let wrong = ServerObservation.unreachable("production", CouchError(.unauthorized, "no", status: 401))
        let silent = ServerObservation.unreachable("production", CouchError(.timeout, "no"))
        #expect(step(locked) == AccountLock.remedy)
        let correction = "correct the secret of production in the configuration"
        #expect(step(wrong) == "\(correction), then: couchkeep check")
        let both = "\(correction), which was rejected before the lock; \(AccountLock.end)"
        #expect(step(locked) == both)
        // One that did not answer has accepted nothing.
        #expect(step(silent) == nil)
        #expect(step(locked) == both)
        let accepted = try well()
        #expect(step(accepted) == nil)
        #expect(step(locked) == AccountLock.remedy)
    }

    @Test("A source that does not list its databases is told, whether or not it says whom it takes us for")
    func unlisted() throws {
        var observation = try well()
        for code in [CouchError.Code.notFound, .serverError, .timeout] {
            observation.databaseNames = .unknown(CouchError(code, "no"))
            for login in [try well().login, .unknown(CouchError(code, "no"))] {
                observation.login = login
                #expect(found(situation(observation)) == ["databases-unlisted"], "\(code)")
            }
            let finding = try #require(DatabasesUnlisted.diagnose(situation(observation)))
            #expect(finding.next == "curl -sS http://couch1.example.org:5984/_all_dbs")
        }
        observation.databaseNames = .unknown(CouchError(.forbidden, "no"))
        #expect(DatabasesUnlisted.diagnose(situation(observation))?.next.contains("server admin") == true)
        // Who is not let in is not told of the list as well.
        observation.login = .unknown(CouchError(.unauthorized, "no"))
        #expect(found(situation(observation)) == ["credentials-rejected"])
    }

    @Test("Nodes of the cluster that are away are told of each server, by name")
    func nodesAway() throws {
        let nodes = (1...8).map { "couchdb@a\($0)" }
        func seen(away: Int, hasJobs: Bool = true) throws -> ServerObservation {
            var observation = try well()
            if !hasJobs { observation.replications = nil }
            observation.note(.known(Membership(allNodes: Array(nodes.dropLast(away)), clusterNodes: nodes)))
            return observation
        }
        #expect(try found(situation(seen(away: 0))) == [])
        // A source, whose jobs nobody asks for, as well as the server that runs them.
        for hasJobs in [true, false] {
            let situation = try situation(seen(away: 1, hasJobs: hasJobs))
            #expect(found(situation) == ["nodes-away"])
            let finding = try #require(ClusterNodesAway.diagnose(situation))
            #expect(finding.severity == .warning && finding.isProblem)
            #expect(finding.summary == "1 of 8 nodes (couchdb@a8) is away; what only it has can't be seen")
            #expect(finding.next == "start couchdb@a8; where one is gone for good: couchkeep explain nodes-away")
            #expect(finding.evidence["away"] == ["couchdb@a8"])
        }
        #expect(try seen(away: 1).replications?.missingNodes.value == ["couchdb@a8"])
        let many = try #require(try ClusterNodesAway.diagnose(situation(seen(away: 7))))
        #expect(many.summary.hasPrefix("7 of 8 nodes (couchdb@a2, "))
        #expect(many.summary.contains("couchdb@a6, …) are away; what only they have"))
    }

    @Test(
        "Where nobody tells of nodes, nothing is claimed of them; where they can't be read now, what was told last holds"
    )
    func nodesUnknown() throws {
        var untold = try well()
        untold.note(.known(nil))
        #expect(found(situation(untold)) == [] && untold.replications?.missingNodes.value == [])
        var failing = try well()
        failing.note(.unknown(CouchError(.timeout, "too late")))
        #expect(found(situation(failing)) == [])
        var away = try well()
        away.note(.known(Scene.nodes(3, away: 2)))
        var memory = ServerMemory()
        for observation in [away, failing, .unreachable("production", CouchError(.timeout, "too late")), failing] {
            let findings = [ClusterNodesAway.diagnose(situation(observation, memory: memory))].compactMap(\.self)
            #expect(findings.count == (observation.login.value == nil ? 0 : 1))
            memory.advance(after: observation, at: Scene.start, findings: findings)
        }
        let finding = try #require(ClusterNodesAway.diagnose(situation(failing, memory: memory)))
        #expect(finding.summary.hasSuffix("what only they have can't be seen; it may be over, but: too late"))
        let written = try JSONEncoder().encode(memory)
        #expect(try JSONDecoder().decode(ServerMemory.self, from: written) == memory)
        memory.advance(after: untold, at: Scene.start, findings: [])
        #expect(ClusterNodesAway.diagnose(situation(failing, memory: memory)) == nil)
    }

    @Test("Another server, by its uuid; it stays told until it is accepted")
    func replaced() throws {
        var memory = ServerMemory()
        memory.advance(after: try well(uuid: "a1"), at: Scene.start, findings: [])
        #expect(found(situation(try well(uuid: "a1"), memory: memory)) == [])
        let other = situation(try well(uuid: "zz"), memory: memory)
        #expect(found(other) == ["server-replaced"])
        memory.advance(
            after: other.observation, at: Scene.start, findings: [try #require(ServerReplaced.diagnose(other))])
        #expect(memory.uuid == "a1")
        #expect(found(situation(try well(uuid: "zz"), memory: memory)) == ["server-replaced"])
        // One that tells no uuid, or none before, is no proof.
        #expect(found(situation(try well(uuid: nil), memory: memory)) == [])
        #expect(found(situation(try well(uuid: "zz"))) == [])
    }

    @Test("An upgrade changes nothing of who a server is")
    func upgrade() throws {
        var memory = ServerMemory()
        memory.advance(after: try well(), at: Scene.start, findings: [])
        var observation = try well()
        observation.info = .known(Scene.server(ServerVersion(3, 6), uuid: "a1"))
        #expect(found(situation(observation, memory: memory)) == [])
    }

    @Test(
        "TLS that the replicator does not verify, where another server is reached by it",
        arguments: [
            ("https://couch2.example.org", nil, true), ("https://couch2.example.org", "false", true),
            ("https://couch2.example.org", "true", false), ("http://couch2.example.org", "false", false),
            ("https://127.0.0.1:6984", "false", false), ("https://localhost:6984", "false", false),
        ] as [(String, String?, Bool)])
    func tls(peer: String, setting: String?, isFound: Bool) throws {
        let settings = setting.map { ["verify_ssl_certificates": $0] } ?? [:]
        let situation = situation(try well(settings: .known(settings)), peers: [peer])
        #expect(found(situation) == (isFound ? ["tls-not-verified"] : []))
        let unknown = self.situation(try well(settings: .unknown(CouchError(.forbidden, ""))), peers: [peer])
        #expect(found(unknown) == [])
    }

    @Test("Databases without a backup, and patterns without a database")
    func coverage() throws {
        let open = situation(try well(), unprotected: (1...7).map { "db-\($0)" })
        #expect(found(open) == ["database-unprotected"])
        let finding = try #require(DatabaseUnprotected.diagnose(open))
        #expect(finding.severity == .notice)
        #expect(finding.summary.hasSuffix("db-1, db-2, db-3, db-4, db-5 and 2 more"))
        let unmatched = situation(try well(), unmatched: ["ordrs", "ordrs"])
        #expect(found(unmatched) == ["pattern-unmatched"])
        #expect(try #require(PatternUnmatched.diagnose(unmatched)).evidence["patterns"] == ["ordrs"])
    }
}
