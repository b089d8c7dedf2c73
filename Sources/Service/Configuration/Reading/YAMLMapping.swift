import Yams

/// The entries of a mapping, each key once, with repeated and unusable keys reported.
struct YAMLMapping {
    struct Entry {
        let name: String
        let position: FilePosition
        let value: Node
    }

    let entries: [Entry]

    /// - Parameters:
    ///   - node: What stands where a mapping is wanted; nil and a report when it is none.
    ///   - path: Its place, such as `servers.production`; empty for the whole file.
    init?(_ node: Node, path: String, report: ReadingReport) {
        guard case .mapping(let mapping) = node else {
            report.add(
                .wrongType, at: node.position,
                "\(path.isEmpty ? "the file" : path) must be a mapping of keys to values, not \(node.typeInWords)",
                nextStep: "write `key: value` lines\(path.isEmpty ? "" : " below it, further to the right")")
            return nil
        }
        var entries: [Entry] = []
        var first: [String: FilePosition] = [:]
        for (key, value) in mapping {
            let position = key.position
            guard let name = report.document.name(ofKey: key) else {
                report.add(
                    .wrongType, at: position, "a key\(path.isEmpty ? "" : " of \(path)") is not a text",
                    nextStep: "write `key: value`")
                continue
            }
            if let earlier = first[name] {
                report.add(
                    .duplicateKey, at: max(position, earlier),
                    "\(Quotation(name)) stands twice\(path.isEmpty ? "" : " in \(path)"), first in line "
                        + "\(min(position, earlier).line)", nextStep: "remove one of the two")
                continue
            }
            first[name] = position
            entries.append(Entry(name: name, position: position, value: value))
        }
        self.entries = entries
    }
}
