import CouchDB
import Foundation

/// The parameters of a request's URL; of one given twice the last one counts.
struct QueryParameters: Sendable, Hashable {
    private var values: [String: String] = [:]

    subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    func flag(_ name: String) throws(EndpointFailure) -> Bool {
        switch values[name] {
        case nil, "false", "": false
        case "true": true
        case .some(let text): throw .queryParse("Invalid boolean parameter: \"\(text.prefix(80))\"")
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
