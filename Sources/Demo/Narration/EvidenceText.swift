import CouchDB

/// Evidence in short: what fits on a line. Sequences and the like don't; they are in the state and in the mail.
struct EvidenceText {
    let text: String

    private static let longest = 28

    init(_ evidence: [String: JSONValue]) {
        let shown = evidence.map { name, value in
            (name, value.string ?? String(decoding: value.serialized(), as: UTF8.self))
        }
        text = shown.filter { $0.1.count <= Self.longest }.sorted { ($0.1.count, $0.0) < ($1.1.count, $1.0) }
            .map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}
