import CouchDB
import Replication

extension ServedDatabase {
    /// What `GET /{db}` answers; sizes are not known.
    func info() async throws -> JSONValue {
        let description = try await replica.describe()
        return [
            "db_name": .string(name),
            "instance_start_time": .string(try await instanceStartTime()),
            "update_seq": description.updateSequence.value,
            "purge_seq": "0",
            "doc_count": .integer(Int64(description.documentCount)),
            "doc_del_count": .integer(Int64(description.deletedCount)),
            "sizes": ["file": 0, "external": 0, "active": 0],
            "props": [:],
            "disk_format_version": 8,
            "compact_running": false,
            "cluster": ["q": 1, "n": 1, "w": 1, "r": 1],
        ]
    }
}
