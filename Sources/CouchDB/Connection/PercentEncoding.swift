/// Percent-encoding for paths, queries and forms: everything but letters, digits and `-._~` is escaped.
///
/// That is stricter than a URL needs. `/` and `+` in a database's name or a document's id must not reach the server
/// bare, and some proxies rewrite what is legal but unusual.
enum PercentEncoding {
    /// Escapes one path segment, which may hold slashes of its own.
    static func segment(_ text: String) -> String {
        // A dot segment would be removed by URL parsers and proxies.
        text == "." ? "%2E" : text == ".." ? "%2E%2E" : component(text)
    }

    /// Escapes a query's or form's name or value.
    static func component(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hexadecimal[Int(byte >> 4)])
                bytes.append(hexadecimal[Int(byte & 0xF)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Escapes names and values, in the order of the names, joined with `&`.
    static func form(_ fields: [String: String]) -> String {
        fields.sorted { $0.key < $1.key }.map { "\(component($0.key))=\(component($0.value))" }.joined(separator: "&")
    }

    private static let hexadecimal = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
