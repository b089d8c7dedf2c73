import Foundation
import HTTPTypes

/// A request as it came, with its path taken apart.
struct SimulatedRequest: Sendable {
    var method: HTTPRequest.Method
    /// The path and query as they came.
    var target: String
    /// The parts of the path, decoded; a design or local document's id is one part.
    var path: [String]
    var query: QueryParameters
    var headers: HTTPFields
    var body: [UInt8]

    init(method: HTTPRequest.Method, target: String, headers: HTTPFields, body: [UInt8]) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        query = QueryParameters(parts.count > 1 ? parts[1] : nil)
        path = (parts.first ?? "").split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        // `/_node/_local/…` is no local document.
        if path.count > 2, !["_node", "_config", "_scheduler"].contains(path[0]),
            path[1] == "_design" || path[1] == "_local"
        {
            path.replaceSubrange(1...2, with: ["\(path[1])/\(path[2])"])
        }
    }

    /// The request as it comes from a proxy that decodes its path; CouchDB takes a bare plus sign for a space.
    var decoded: SimulatedRequest {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts.first ?? "").replacing("%2F", with: "/").replacing("%2B", with: "%20")
        return SimulatedRequest(
            method: method, target: ([path] + parts.dropFirst().map(String.init)).joined(separator: "?"),
            headers: headers, body: body)
    }

    /// The body as JSON.
    func json() throws(CouchFailure) -> OrderedJSON {
        do throws(JSONParser.Invalid) {
            return try JSONParser.parse(body)
        } catch {
            throw .invalidJSON
        }
    }

    /// The body as JSON, where the request says that it is.
    func declaredJSON() throws(CouchFailure) -> OrderedJSON {
        try requireJSONType()
        return try json()
    }

    func requireJSONType() throws(CouchFailure) {
        guard headers[.contentType]?.hasPrefix("application/json") == true else {
            throw CouchFailure(415, "bad_content_type", "Content-Type must be application/json")
        }
    }

    /// Whether the client asked for JSON rather than for multipart answers.
    var acceptsOnlyJSON: Bool { headers[.accept]?.contains("application/json") ?? false }
}
