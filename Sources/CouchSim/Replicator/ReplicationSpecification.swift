import CouchDB
import Crypto
import Foundation
import Secrets

/// What a replication document, or the body of `POST /_replicate`, asks for.
struct ReplicationSpecification: Sendable, Hashable {
    var source: ReplicationEndpoint
    var target: ReplicationEndpoint
    var isContinuous: Bool
    var createsTarget: Bool
    var documentIDs: [String]?
    var filter: String?
    var selector: OrderedJSON?
    var winnersOnly: Bool
    var sinceSequence: OrderedJSON?
    var usesCheckpoints: Bool
    var checkpointInterval: Int
    var batchSize: Int
    var retries: Int
    /// Settings that change nothing but must restart a job when they change.
    var otherOptions: [OrderedJSON.Member]
    var owner: String?

    /// Reads a document that has passed ``check(_:flavour:)``.
    init(_ members: [OrderedJSON.Member]) throws(CouchFailure) {
        let json = OrderedJSON.object(members)
        guard let source = Self.endpoint(json["source"]), let target = Self.endpoint(json["target"]) else {
            throw CouchFailure(403, "forbidden", "Missing replicator database")
        }
        self.source = source
        self.target = target
        isContinuous = json["continuous"]?.bool ?? false
        createsTarget = json["create_target"]?.bool ?? false
        documentIDs = json["doc_ids"]?.elements.map { Array(Set($0.compactMap(\.string))).sorted() }
        filter = json["filter"]?.string
        selector = json["selector"]
        winnersOnly = json["winning_revs_only"]?.bool ?? false
        sinceSequence = json["since_seq"]
        usesCheckpoints = json["use_checkpoints"]?.bool ?? true
        checkpointInterval = json["checkpoint_interval"]?.integer ?? 30_000
        batchSize = min(max(1, json["worker_batch_size"]?.integer ?? 500), 5000)
        retries = json["retries_per_request"]?.integer ?? 5
        owner = json["owner"]?.string
        otherOptions = members.filter {
            [
                "worker_batch_size", "worker_processes", "http_connections", "connection_timeout",
                "retries_per_request",
                "socket_options", "use_bulk_get", "user_ctx",
            ].contains($0.name)
        }
    }

    /// Refuses a replication document as CouchDB does when it is written.
    static func check(_ input: DocumentInput, flavour: Flavour) throws(CouchFailure) {
        let state = input["_replication_state"]?.string
        guard flavour.hasScheduler, state != "failed", state != "completed" else { return }
        for side in ["source", "target"] {
            guard let value = input[side], let url = value.string ?? value["url"]?.string else {
                throw .forbidden("Missing replicator database")
            }
            guard url.hasPrefix("http://") || url.hasPrefix("https://") || flavour.isOlderThan3 else {
                throw .forbidden("local_endpoints_not_supported")
            }
        }
        if let continuous = input["continuous"], continuous.bool == nil {
            throw .forbidden("{throw,{bad_request,<<\"parameter `continuous` must be a boolean\">>}}")
        }
        let restrictions = ["doc_ids", "filter", "selector"].filter { input[$0] != nil && input[$0] != .null }
        if restrictions.count > 1 {
            throw .forbidden("{throw,{bad_request,\"`doc_ids`,`filter`,`selector` are mutually exclusive\"}}")
        }
    }

    /// The replication id on a server; the password is no part of it.
    func id(on uuid: String) -> String {
        func text(_ endpoint: ReplicationEndpoint) -> String {
            let headers = endpoint.headers.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.reveal())" }
            return ([endpoint.user ?? "", endpoint.url] + headers).joined(separator: "\n")
        }
        var parts = [uuid, text(source), text(target)]
        if let documentIDs { parts.append("doc_ids \(documentIDs)") }
        if let filter { parts.append("filter \(filter)") }
        if let selector { parts.append("selector \(selector.text)") }
        if winnersOnly { parts.append("winning_revs_only") }
        let hash = RevisionHash.hexadecimal(Insecure.MD5.hash(data: Array(parts.joined(separator: "\u{0}").utf8)))
        return hash + (isContinuous ? "+continuous" : "") + (createsTarget ? "+create_target" : "")
    }

    private static func endpoint(_ value: OrderedJSON?) -> ReplicationEndpoint? {
        // What is parsed here was made by the serializer.
        guard let value, let json = try? JSONValue(parsing: Data(value.serialized)) else { return nil }
        return ReplicationEndpoint(value: json)
    }
}
