import Secrets

/// A part of what the configuration means, with where it comes from.
package indirect enum EffectiveNode: Sendable, Equatable {
    /// Where a value comes from.
    package enum Origin: Sendable, Equatable {
        case file(FilePosition)
        case `default`
    }

    /// A key and what it means.
    package struct Member: Sendable, Equatable {
        package let key: String
        package let node: EffectiveNode
    }

    /// A value as YAML writes it, and a remark.
    case scalar(String, origin: Origin, remark: String? = nil)
    /// Values as YAML writes them.
    case list([String], origin: Origin, remark: String? = nil)
    case mapping([Member])
    case sections([[Member]])

    /// A secret's place, without the secret.
    init(_ source: SecretSource, origin: Origin) {
        switch source {
        case .inline: self = .scalar(YAMLScalar.text(Secret.mask), origin: origin, remark: "the secret itself")
        case .file(let path):
            self = .scalar(YAMLScalar.text(path), origin: origin, remark: "\(Secret.mask) in \(source)")
        case .environment(let name):
            self = .scalar(YAMLScalar.text(name), origin: origin, remark: "\(Secret.mask) in \(source)")
        case .command(let words):
            // The arguments may hold a secret.
            let shown = [words.first ?? ""] + (words.count > 1 ? [Secret.mask] : [])
            self = .list(shown.map(YAMLScalar.text), origin: origin, remark: "\(Secret.mask) printed by \(source)")
        }
    }
}
