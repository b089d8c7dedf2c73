import Foundation

/// What a multipart body says next.
public enum MultipartEvent: Sendable, Hashable {
    /// A part begins.
    case part(MultipartHeaders)
    /// The next bytes of the part's content.
    case bytes(Data)
    /// The part is complete.
    case partEnd
    /// The body is complete.
    case end
}

/// The header fields of a part, which has none in answers of CouchDB before 1.4.
public struct MultipartHeaders: Sendable, Hashable {
    /// A header field.
    public struct Field: Sendable, Hashable {
        /// The name in lower case.
        public var name: String
        /// The value, without white space around it.
        public var value: String

        /// Makes a header field.
        public init(name: String, value: String) {
            self.name = name.lowercased()
            self.value = value
        }
    }

    /// The fields, in their order.
    public var fields: [Field]

    /// Makes headers.
    public init(_ fields: [Field] = []) { self.fields = fields }

    /// The value of the first field with this name, in whatever case.
    public subscript(name: String) -> String? {
        let name = name.lowercased()
        return fields.first { $0.name == name }?.value
    }

    /// The type of the content, where told.
    public var contentType: MediaType? { self["content-type"].map(MediaType.init(header:)) }

    /// Reads lines that end with line breaks.
    ///
    /// A line without a colon is passed over: CouchDB writes an attachment's name into a header as it is, whatever
    /// characters it has.
    init(lines: some Sequence<UInt8>) {
        self.init()
        for line in String(decoding: Array(lines), as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.append(Field(name: String(line[..<colon]), value: String(value)))
        }
    }
}
