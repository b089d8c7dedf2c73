/// A server's settings, as `_config` shows and changes them.
struct Configuration: Sendable {
    private(set) var sections: [String: [String: String]]
    /// The administrators' passwords; the section `admins` shows hashes of them.
    private(set) var administrators: [String: String]

    init(administrator: String, password: String, uuid: String, settings: [String: [String: String]]) {
        administrators = [administrator: password]
        sections = ["couchdb": ["uuid": uuid], "replicator": [:]]
        sections.merge(settings) { ours, theirs in ours.merging(theirs) { _, theirs in theirs } }
    }

    subscript(section: String, key: String) -> String? {
        section == "admins" ? administrators[key].map(Self.hash) : sections[section]?[key]
    }

    /// A setting that is a number.
    func number(_ section: String, _ key: String) -> Int? { self[section, key].flatMap { Int($0) } }

    func section(_ name: String) -> [String: String] {
        name == "admins" ? administrators.mapValues(Self.hash) : sections[name] ?? [:]
    }

    /// Sets a value and returns the old one, as CouchDB answers it.
    mutating func set(_ section: String, _ key: String, to value: String?) -> String? {
        let old = self[section, key]
        if section == "admins" { administrators[key] = value } else { sections[section, default: [:]][key] = value }
        return old
    }

    private static func hash(_ password: String) -> String {
        "-pbkdf2:sha256-\(PasswordHash.hash(password)),0,1"
    }
}
