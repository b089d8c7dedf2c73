import Foundation

/// The path and the query of a request, taken apart and decoded as CouchDB does it.
struct RequestTarget: Sendable, Hashable {
    /// The parts between the slashes, decoded; an escaped slash belongs to its part.
    var parts: [String]
    var query: QueryParameters

    /// - Throws: ``EndpointFailure`` where a part is not UTF-8.
    init(_ text: String) throws(EndpointFailure) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        parts = []
        for part in (halves.first ?? "").split(separator: "/") { parts.append(try Self.decoded(part)) }
        query = QueryParameters()
        guard halves.count > 1 else { return }
        for pair in halves[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[try Self.decoded(sides[0])] = sides.count > 1 ? try Self.decoded(sides[1]) : ""
        }
    }

    /// A plus sign is a space in paths too (`[chttpd] decode_plus_to_space`, true by default).
    private static func decoded(_ text: Substring) throws(EndpointFailure) -> String {
        guard let decoded = text.replacing("+", with: " ").removingPercentEncoding else {
            throw .badRequest("the URL is not UTF-8")
        }
        return decoded
    }
}
