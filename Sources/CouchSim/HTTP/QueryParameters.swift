import Foundation

/// The parameters of a request's URL.
struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    init(_ query: Substring?) {
        for pair in query?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1] : ""
            values[Self.decode(parts[0])] = Self.decode(value)
        }
    }

    subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    func flag(_ name: String) -> Bool { values[name] == "true" }

    func number(_ name: String) throws(CouchFailure) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw CouchFailure(400, "query_parse_error", "Invalid value for integer: \"\(text)\"")
        }
        return number
    }

    func json(_ name: String) throws(CouchFailure) -> OrderedJSON? {
        guard let text = values[name] else { return nil }
        do throws(JSONParser.Invalid) {
            return try JSONParser.parse(Array(text.utf8))
        } catch {
            throw .invalidJSON
        }
    }

    private static func decode(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? String(text)
    }
}
