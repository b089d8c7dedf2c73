import Secrets
import Yams

extension SectionReader {
    /// The keys that give a secret.
    static func forms(of name: String) -> [String] { [name, "\(name)_file", "\(name)_env", "\(name)_command"] }

    /// Whether a secret is given, even one that can't be read.
    func hasSecret(_ name: String) -> Bool { Self.forms(of: name).contains { has($0) } }

    /// Reads a secret: `name` itself, or `name_file`, `name_env` or `name_command`.
    func secret(_ name: String, purpose: SecretUse.Purpose = .password) -> SecretSource? {
        let forms = Self.forms(of: name).filter { has($0) }
        guard let form = forms.first, let found = value(form) else { return nil }
        if let second = forms.dropFirst().first {
            report.add(
                .conflictingKeys, at: max(found.position, position(of: second) ?? found.position),
                "\(path) has both \(form) and \(second)", nextStep: "keep one of them")
        }
        guard let source = secretSource(found, form: form.dropFirst(name.count), purpose: purpose) else { return nil }
        report.note(
            SecretUse(path: path(of: name), source: source, purpose: purpose, position: found.position))
        keep(form, EffectiveNode(source, origin: .file(found.position)))
        return source
    }

    private func secretSource(_ found: Found, form: Substring, purpose: SecretUse.Purpose) -> SecretSource? {
        switch form {
        case "_file": return scalar(found, .path(from: report.folder)).map { .file($0) }
        case "_env": return scalar(found, .environmentVariable).map { .environment($0) }
        case "_command": return command(found).map { .command($0) }
        default:
            guard let text = text(of: found, expectation: "a text") else { return nil }
            if purpose == .url, let problem = SecretURL.problem(with: text) {
                report.add(
                    .invalidValue, at: found.node.position, "\(found.path): \(problem.message)",
                    nextStep: problem.nextStep)
                return nil
            }
            return .inline(Secret(text))
        }
    }

    /// Reads a program and its arguments.
    ///
    /// They aren't quoted in errors, since a secret may stand there.
    func command(_ found: Found) -> [String]? {
        guard case .sequence(let items) = found.node, !items.isEmpty else {
            report.add(
                .wrongType, at: found.node.position, "\(found.path) must be a list: the program, then its arguments",
                nextStep: "write [PROGRAM, ARGUMENT, …]; a shell's line is [sh, -c, \"LINE\"]")
            return nil
        }
        let words = items.enumerated().map { index, node in
            text(of: Found(node: node, position: node.position, path: "\(found.path)[\(index)]"), expectation: "a text")
        }
        return words.contains(nil) ? nil : words.compactMap(\.self)
    }
}
