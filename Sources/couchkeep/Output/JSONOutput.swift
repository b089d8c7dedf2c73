import Foundation

extension JSONEncoder {
    /// As all commands print JSON: sorted keys, slashes as they are, times in ISO 8601.
    static var output: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }
}

extension Console {
    /// Prints one JSON object on standard output.
    static func json(_ value: some Encodable) throws {
        out(String(decoding: try JSONEncoder.output.encode(value), as: UTF8.self))
    }
}
