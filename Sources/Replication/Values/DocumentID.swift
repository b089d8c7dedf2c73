/// The id of a document, compared by its bytes as CouchDB does.
///
/// Swift takes two spellings of one accented letter for equal strings: as keys of a dictionary, two documents would
/// become one.
package struct DocumentID: Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// Whether it is a design document.
    package var isDesign: Bool { text.utf8.starts(with: "_design/".utf8) }
}

extension DocumentID: Hashable {
    package static func == (left: DocumentID, right: DocumentID) -> Bool {
        compare(left, right) { $0.elementsEqual($1) } ?? left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Compares the bytes of two ids where they lie in one piece, as nearly all do: through the views it takes many times as long.
    private static func compare(
        _ left: DocumentID, _ right: DocumentID,
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool? {
        left.text.utf8.withContiguousStorageIfAvailable { bytes in
            right.text.utf8.withContiguousStorageIfAvailable { body(bytes, $0) }
        } ?? nil
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension DocumentID: Comparable {
    package static func < (left: DocumentID, right: DocumentID) -> Bool {
        compare(left, right) { $0.lexicographicallyPrecedes($1) }
            ?? left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension DocumentID: CustomStringConvertible, ExpressibleByStringLiteral {
    package var description: String { text }
    package init(stringLiteral value: String) { self.init(value) }
}

extension DocumentID: Codable {
    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
