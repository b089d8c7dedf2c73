/// All that a configuration means, defaults included, with the place that each value comes from.
package struct EffectiveConfiguration: Sendable, Equatable {
    package let file: String
    package let root: [EffectiveNode.Member]

    /// YAML, with the origin of each value as a comment.
    ///
    /// Secrets are shown as `•••`.
    package func render() -> String {
        var lines: [String] = []
        write(root, indent: "", firstIndent: "", to: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    /// - Parameter firstIndent: What stands in front of the first key, such as `  - `.
    private func write(
        _ members: [EffectiveNode.Member], indent: String, firstIndent: String, to lines: inout [String]
    ) {
        for (index, member) in members.enumerated() {
            let start = "\(index == 0 ? firstIndent : indent)\(YAMLScalar.text(member.key)):"
            switch member.node {
            case .scalar(let text, let origin, let remark):
                lines.append("\(start) \(text)  # \(words(origin, remark))")
            case .list(let items, let origin, let remark):
                lines.append("\(start) [\(items.joined(separator: ", "))]  # \(words(origin, remark))")
            case .mapping(let members) where members.isEmpty:
                lines.append("\(start) {}")
            case .mapping(let members):
                lines.append(start)
                write(members, indent: indent + "  ", firstIndent: indent + "  ", to: &lines)
            case .sections(let sections):
                lines.append(start)
                for section in sections {
                    write(section, indent: indent + "    ", firstIndent: indent + "  - ", to: &lines)
                }
            }
        }
    }

    private func words(_ origin: EffectiveNode.Origin, _ remark: String?) -> String {
        let place =
            switch origin {
            case .default: "default"
            case .file(let position): "\(file):\(position.line)"
            }
        return [place, remark].compactMap(\.self).joined(separator: ", ")
    }
}
