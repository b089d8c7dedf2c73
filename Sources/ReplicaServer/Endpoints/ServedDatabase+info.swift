import CouchDB
import Replication

extension ServedDatabase {
    /// What `GET /{db}` answers; sizes are not known.
    func info() async throws -> JSONValue {
        let description = try await replica.describe()
        let layout = try await layout()
        let properties: JSONValue = layout.isPartitioned ? ["partitioned": true] : [:]
        return [
            "db_name": .string(name),
            "instance_start_time": .string(try await instanceStartTime()),
            "update_seq": description.updateSequence.value,
            "purge_seq": "0",
            "doc_count": .integer(Int64(description.documentCount)),
            "doc_del_count": .integer(Int64(description.deletedCount)),
            "sizes": ["file": 0, "external": 0, "active": 0],
            "props": properties,
            "disk_format_version": 8,
            "compact_running": false,
            "cluster": ["q": .integer(Int64(layout.shards ?? 1)), "n": 1, "w": 1, "r": 1],
        ]
    }
}
