import CouchDB
import Foundation

/// How a database writes positions in its changes feed: a number in 1.x, else a number and an opaque text.
struct SequenceFormat: Sendable, Hashable {
    /// Marks the files of one database: positions of other files mean nothing here.
    let mark: String
    let isNumeric: Bool

    /// The position as JSON.
    func json(_ sequence: Int) -> OrderedJSON {
        isNumeric ? .integer(sequence) : .string("\(sequence)-\(opaque(sequence))")
    }

    /// Reads a position that a client sent; nil for `now`.
    ///
    /// The replicator sends its positions as JSON, in quotation marks. A position of other files means the beginning.
    func parse(_ text: String) throws(CouchFailure) -> Int? {
        let text = text.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        if text == "now" { return nil }
        if text == "0" || text.isEmpty { return 0 }
        let malformed = CouchFailure.badRequest("Malformed sequence supplied in 'since' parameter.")
        if isNumeric {
            guard let number = Int(text) else { throw malformed }
            return number
        }
        let parts = text.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, let number = Int(parts[0]), let data = Data(base64URL: String(parts[1])),
            let content = String(data: data, encoding: .utf8), let colon = content.lastIndex(of: ":"),
            content[content.index(after: colon)...] == "\(number)"
        else { throw malformed }
        return content[..<colon] == mark ? number : 0
    }

    private func opaque(_ sequence: Int) -> String { Data("\(mark):\(sequence)".utf8).base64URL }
}

extension Data {
    /// Base 64 in the alphabet for URLs, without padding.
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init?(base64URL text: String) {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        self.init(base64Encoded: standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
    }
}
