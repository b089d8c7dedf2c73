/// What a server says of itself at `GET /`.
public struct ServerInfo: Sendable, Hashable {
    /// The version, such as `3.5.0`.
    public let version: ServerVersion
    /// The `[couchdb] uuid`, from 1.3 on: who this server is.
    public let uuid: String?
    /// The feature list, from 2.1 on.
    public let features: Set<String>
    /// The vendor's name, where given.
    public let vendor: String?

    /// Makes a description of a server.
    public init(version: ServerVersion, uuid: String?, features: Set<String> = [], vendor: String? = nil) {
        self.version = version
        self.uuid = uuid
        self.features = features
        self.vendor = vendor
    }

    /// Reads the answer to `GET /`.
    ///
    /// - Throws: ``CouchError`` with code `not-couchdb` where the answer has no `couchdb` greeting or no version.
    public init(answer: JSONValue) throws {
        guard answer["couchdb"] != nil, let text = answer["version"]?.string, let version = ServerVersion(text) else {
            throw CouchError(.notCouchDB, "the answer is not CouchDB's greeting")
        }
        self.init(
            version: version,
            uuid: answer["uuid"]?.string,
            features: Set(answer["features"]?.array?.compactMap(\.string) ?? []),
            vendor: answer["vendor"]?["name"]?.string)
    }

    /// Whether `_scheduler/jobs` and `_scheduler/docs` exist: from 2.1 on, where the feature list says `scheduler`.
    ///
    /// Some gateways drop the list, so the version counts where it is empty.
    public var hasScheduler: Bool {
        features.contains("scheduler") || (features.isEmpty && version >= ServerVersion(2, 1))
    }

    /// Whether the server is a cluster's node with `_node`, `_membership` and `_up`: from 2.0 on.
    public var isClustered: Bool { version >= ServerVersion(2, 0) }

    /// Whether acknowledged writes may be lost with the power, since they are on the disk a second later: `delayed_commits`,
    /// which 1.x has unless told otherwise, 2.x where it is told so, and later versions never.
    public var mayDelayCommits: Bool { version < ServerVersion(3, 0) }

    /// Whether a database can be partitioned: from 3.0 on, or where the feature list says `partitioned`.
    public var hasPartitions: Bool { features.contains("partitioned") || version >= ServerVersion(3, 0) }

    /// Whether `_dbs_info` takes a list of names: from 2.2 on.
    public var hasDatabasesInfo: Bool { version >= ServerVersion(2, 2) }

    /// Whether replication documents may hold `auth.basic` outside of the URL: from 3.2 on.
    public var hasReplicationAuthObject: Bool { version >= ServerVersion(3, 2) }
}

/// A server's version, compared by number.
public struct ServerVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first number.
    public let major: Int
    /// The second number.
    public let minor: Int
    /// The third number.
    public let patch: Int

    /// Makes a version.
    public init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads a version such as `3.5.0`, `3.5.2.post1` or `1.7.1-rc2`; nil where it doesn't begin with a number.
    public init?(_ text: String) {
        let parts = text.split(separator: ".").map { part in Int(part.prefix { $0.isASCII && $0.isNumber }) }
        guard let first = parts.first, let major = first else { return nil }
        func number(_ index: Int) -> Int { index < parts.count ? parts[index] ?? 0 : 0 }
        self.init(major, number(1), number(2))
    }

    /// The three numbers.
    public var description: String { "\(major).\(minor).\(patch)" }

    /// Compares by number.
    public static func < (left: ServerVersion, right: ServerVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
