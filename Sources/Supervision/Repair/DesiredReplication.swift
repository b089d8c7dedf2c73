import CouchDB
import Foundation
import Secrets

/// The replication that a pair should have.
package struct DesiredReplication: Sendable, Hashable {
    /// The replication document's id.
    package var documentID: String
    /// The source as the coordinator should reach it.
    package var source: ReplicationEndpoint
    /// The target as the coordinator should reach it.
    package var target: ReplicationEndpoint
    /// Other spellings of the source's URL that mean the same database.
    package let sourceAliases: Set<String>
    /// Other spellings of the target's URL.
    package let targetAliases: Set<String>
    /// The mark of ownership.
    package var mark: JSONValue
    /// What CouchDB takes the source for in a replication id.
    let sourcePlaces: Set<String>
    /// What CouchDB takes the target for.
    let targetPlaces: Set<String>
    /// Whether its server takes addresses for one that differ in their scheme alone.
    private let ignoresSchemes: Bool

    /// Builds what a pair should have.
    ///
    /// - Parameter coordinator: the server that runs it, where it is known.
    package init(
        pair: Pair, source: ReplicationAccess, target: ReplicationAccess, coordinator: ServerInfo? = nil
    ) {
        let isClustered = coordinator?.isClustered == true
        ignoresSchemes = isClustered
        documentID = OwnershipMark.documentID(for: pair)
        self.source = source.endpoint(of: pair.source.database)
        self.target = target.endpoint(of: pair.target.database)
        // In 2.x a bare name is a database of the node's own, which nobody else sees; 3.x takes none.
        sourceAliases = source.spellings(of: pair.source.database, isLocal: !isClustered && pair.runOn == .source)
        targetAliases = target.spellings(of: pair.target.database, isLocal: !isClustered && pair.runOn == .target)
        (sourcePlaces, targetPlaces) = (
            Set(sourceAliases.map(EndpointSpelling.place)), Set(targetAliases.map(EndpointSpelling.place))
        )
        mark = OwnershipMark.value(for: pair)
    }

    /// Returns the document to write.
    package func document(on server: ServerInfo) -> ReplicationDocument {
        ReplicationDocument(
            id: documentID, source: source, target: target, withAuthObject: server.hasReplicationAuthObject,
            options: [OwnershipMark.member: mark])
    }

    /// Whether two URLs as servers show them are this replication's.
    ///
    /// - Parameter isOwned: whether they are of a document of Couchkeep's own, which has the very addresses of its pair.
    package func matches(source: String?, target: String?, isOwned: Bool = false) -> Bool {
        guard let source, let target else { return false }
        if sourceAliases.contains(EndpointSpelling.normalized(source)),
            targetAliases.contains(EndpointSpelling.normalized(target))
        {
            return true
        }
        return ignoresSchemes && !isOwned && sourcePlaces.contains(EndpointSpelling.place(source))
            && targetPlaces.contains(EndpointSpelling.place(target))
    }

    /// The members of a document that are not as they should be; empty where it is right.
    ///
    /// Extra options that change only the speed of a job, such as `worker_processes`, are let be.
    package func differences(from document: ReplicationDocument) -> [String] {
        var differing: [String] = []
        for (name, wanted, found) in [("source", source, document.source), ("target", target, document.target)] {
            guard let found else {
                differing.append(name)
                continue
            }
            if EndpointSpelling.normalized(found.url) != EndpointSpelling.normalized(wanted.url) {
                differing.append(name)
            }
            if found.user != wanted.user { differing.append("\(name) user") }
            if found.user == wanted.user, wanted.password != nil, found.password != wanted.password {
                differing.append("\(name) password")
            }
            if found.headers != wanted.headers { differing.append("\(name) headers") }
        }
        if !document.isContinuous { differing.append("continuous") }
        differing += document.partialOptions
        if document.members["create_target"] == .bool(true) { differing.append("create_target") }
        if document.members["use_checkpoints"] == .bool(false) { differing.append("use_checkpoints") }
        if document.members["cancel"] == .bool(true) { differing.append("cancel") }
        return differing
    }
}

/// How the server that runs a replication reaches one side, and as whom.
package struct ReplicationAccess: Sendable, Hashable {
    /// The server's URL as the coordinator sees it.
    package var url: ServerURL
    /// Further URLs of the same server, such as the one that Couchkeep itself uses.
    package var otherURLs: [ServerURL]
    /// The user in replication documents.
    package var user: String?
    /// The user's password.
    package var password: Secret?
    /// Headers in replication documents, such as a bearer token.
    package var headers: [String: Secret]

    package init(
        url: ServerURL, otherURLs: [ServerURL] = [], user: String? = nil, password: Secret? = nil,
        headers: [String: Secret] = [:]
    ) {
        self.url = url
        self.otherURLs = otherURLs
        self.user = user
        self.password = password
        self.headers = headers
    }

    /// One side of a replication document.
    func endpoint(of database: String) -> ReplicationEndpoint {
        ReplicationEndpoint(
            url: url.databaseURL(database), user: user, password: password, headers: headers)
    }

    /// The normalized URLs that mean a database; on a coordinator of 1.x its bare name too.
    func spellings(of database: String, isLocal: Bool) -> Set<String> {
        var spellings = Set(
            ([url] + otherURLs).map { EndpointSpelling.normalized($0.databaseURL(database)) })
        if isLocal { spellings.insert(EndpointSpelling.normalized(database)) }
        return spellings
    }
}
