/// What a server says of several databases; one that does not exist is in neither part.
public struct DatabaseInfos: Sendable {
    /// The descriptions, by name.
    public internal(set) var infos: [String: DatabaseInfo] = [:]
    /// Why a database could not be described, although the server has answered, by name.
    public internal(set) var failures: [String: CouchError] = [:]

    mutating func merge(_ other: DatabaseInfos) {
        infos.merge(other.infos) { first, _ in first }
        failures.merge(other.failures) { first, _ in first }
    }
}
