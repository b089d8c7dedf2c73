import CouchDB
import Foundation
import Secrets

/// Takes out of answers what differs between two servers that behave alike.
struct Normalizer: Sendable {
    let servers: [Contestant]

    /// Members whose values say nothing about behaviour.
    private static let dropped: Set<String> = [
        "sizes", "git_sha", "version", "features", "disk_format_version", "vendor", "ref",
    ]
    /// Members whose values are times, random names and the like.
    private static let masked: Set<String> = [
        "instance_start_time", "node", "pid", "timestamp", "start_time", "end_time", "last_updated", "session_id",
        "_replication_state_time", "started_on", "updated_on", "process_status", "uuid", "password_scheme",
        "derived_key",
        "salt", "iterations", "pbkdf2_prf",
    ]

    func normalized(_ value: JSONValue, name: String? = nil) -> JSONValue {
        if let name, Self.masked.contains(name), !value.isNull { return .string("{\(name)}") }
        switch value {
        case .object(let members):
            var result: [String: JSONValue] = [:]
            for (key, member) in members where !Self.dropped.contains(key) {
                result[normalizedKey(key)] = normalized(member, name: key)
            }
            // A replication document holds addresses and times, so that its revisions differ.
            if members["owner"] != nil, let revision = members["_rev"]?.string {
                result["_rev"] = .string("\(revision.prefix { $0 != "-" })-{hash}")
            }
            return .object(result)
        case .array(let elements): return .array(elements.map { normalized($0) })
        case .string(let text): return .string(self.text(text))
        default: return value
        }
    }

    private func normalizedKey(_ key: String) -> String { text(key) }

    func text(_ text: String) -> String {
        var text = text
        for (index, server) in servers.enumerated() {
            text = text.replacing(server.baseURL, with: "{server\(index)}")
            text = text.replacing(server.password.reveal(), with: "{password}")
            text = text.replacing(server.uuid, with: "{uuid}")
        }
        // Positions: a number and an opaque text.
        text.replace(/^([0-9]+)-[A-Za-z0-9_-]{14,}$/) { match in
            match.0.contains(/^[0-9]+-[0-9a-f]{32}$/) ? String(match.0) : "\(match.1)-{opaque}"
        }
        text.replace(/[0-9a-f]{32}\+continuous/) { _ in "{replication}+continuous" }
        text.replace(/[0-9a-f]{32}%2Bcontinuous/) { _ in "{replication}%2Bcontinuous" }
        text.replace(/since=(%22)?([0-9]+)-[A-Za-z0-9_-]{14,}/) { "since=\($0.1 ?? "")\($0.2)-{opaque}" }
        text.replace(/(_local\/)[0-9a-f]{32}/) { "\($0.1){replication}" }
        text.replace(/`[0-9a-f]{32}`/) { _ in "`{replication}`" }
        text.replace(/shards\/[0-9a-f-]+\/(.*)\.[0-9]+/) { "shards/{range}/\($0.1).{time}" }
        text.replace(/<0\.[0-9]+\.0>/) { _ in "{pid}" }
        text.replace(/boundary="[0-9a-f]+"/) { _ in "boundary" }
        return text
    }
}
