import CouchDB
import Replication

/// What a client wants to know of a document beside the revision itself.
struct DocumentExtras: Sendable, Hashable {
    var conflicts = false
    var deletedConflicts = false
    var revisionsInfo = false

    init() {}

    init(conflicts: Bool) { self.conflicts = conflicts }

    init(_ query: QueryParameters) {
        let all = query.isTrue("meta")
        conflicts = query.isTrue("conflicts") || all
        deletedConflicts = query.isTrue("deleted_conflicts") || all
        revisionsInfo = query.isTrue("revs_info") || all
    }

    var isEmpty: Bool { self == DocumentExtras() }

    /// The members to add to the document.
    func members(winner: RevisionID, path: RevisionPath, leaves: [Leaf]) -> [JSONText] {
        var members: [JSONText] = []
        if revisionsInfo { members.append(info(of: path, leaves: leaves)) }
        let others = leaves.filter { $0.revision != winner }
        func append(_ key: StaticString, _ list: [Leaf]) {
            guard !list.isEmpty else { return }
            var text = JSONText(key)
            text.append(strings: list.map(\.revision.description))
            members.append(text)
        }
        if conflicts { append("\"_conflicts\":", others.filter { !$0.isDeleted }) }
        if deletedConflicts { append("\"_deleted_conflicts\":", others.filter(\.isDeleted)) }
        return members
    }

    /// Only leaves have bodies here.
    private func info(of path: RevisionPath, leaves: [Leaf]) -> JSONText {
        var text = JSONText("\"_revs_info\":[")
        for (index, revision) in path.revisions.enumerated() {
            if index > 0 { text.append(",") }
            let leaf = leaves.first { $0.revision == revision }
            text.append("{\"rev\":")
            text.append(string: revision.description)
            text.append(",\"status\":")
            text.append(string: leaf.map { $0.isDeleted ? "deleted" : "available" } ?? "missing")
            text.append("}")
        }
        text.append("]")
        return text
    }
}
