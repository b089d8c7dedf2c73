/// Where a secret comes from.
///
/// It describes itself without the secret: by the path, by the variable's name, by the program's name without its
/// arguments.
public enum SecretSource: Sendable, Hashable {
    /// The content of a file.
    case file(String)
    /// The value of an environment variable.
    case environment(String)
    /// What a program writes to its standard output: the program, then its arguments.
    case command([String])
    /// The secret itself, written where a source could stand.
    case inline(Secret)

    /// Whether the secret itself is here.
    public var isInline: Bool {
        if case .inline = self { true } else { false }
    }
}

extension SecretSource: CustomStringConvertible {
    /// The place in words, such as `the file /run/credentials/couchkeep/production`.
    public var description: String {
        switch self {
        case .file(let path): "the file \(path)"
        case .environment(let name): "the environment variable \(name)"
        case .command(let words): "the command \(words.first ?? "")"
        case .inline: "the configuration itself"
        }
    }
}
