import CouchDB
import Foundation

/// The parameters of a request's URL; of one given twice the last one counts.
struct QueryParameters: Sendable, Hashable {
    private var values: [String: String] = [:]

    subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// Whether a parameter is `true` to the letter: CouchDB takes anything else for no (`chttpd_db:parse_doc_query`), but for
    /// what ``spellOut(_:)`` reads.
    func isTrue(_ name: String) -> Bool { values[name] == "true" }

    /// Makes these parameters `true` or `false`, where they are given: of lists CouchDB takes them in any case of letters,
    /// and nothing else (`couch_mrview_http:parse_boolean`).
    mutating func spellOut(_ names: Set<String>) throws(EndpointFailure) {
        for name in names {
            guard let text = values[name] else { continue }
            let word = text.lowercased()
            guard word == "true" || word == "false" else {
                throw .queryParse("Invalid boolean parameter: \"\(text.prefix(80))\"")
            }
            values[name] = word
        }
    }

    func number(_ name: String) throws(EndpointFailure) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text) else { throw .queryParse("Invalid value for integer: \"\(text.prefix(80))\"") }
        guard number >= 0 else {
            throw .queryParse("Invalid value for positive integer: \"\(text.prefix(80))\"")
        }
        return number
    }

    func json(_ name: String) throws(EndpointFailure) -> JSONValue? {
        guard let text = values[name] else { return nil }
        do {
            return try JSONValue(parsing: Data(text.utf8))
        } catch {
            throw .invalidJSON
        }
    }

    /// The first of several names for one parameter that is given.
    func json(_ names: [String]) throws(EndpointFailure) -> JSONValue? {
        for name in names {
            if let value = try json(name) { return value }
        }
        return nil
    }
}
