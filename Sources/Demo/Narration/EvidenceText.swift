import CouchDB

/// Evidence in short: what fits on a line. Sequences and the like don't; they are in the state and in the mail.
struct EvidenceText {
    let text: String

    private static let longest = 70

    init(_ evidence: [String: JSONValue]) {
        text = evidence.sorted { $0.key < $1.key }.compactMap { name, value in
            let shown = value.string ?? String(decoding: value.serialized(), as: UTF8.self)
            return shown.count <= Self.longest ? "\(name) \(shown)" : nil
        }.joined(separator: ", ")
    }
}
