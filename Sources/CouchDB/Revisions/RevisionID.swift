/// The identity of one revision of a document: its generation and a hash, written `3-917fa2381192822767f010b95b45325b`.
///
/// CouchDB holds a hash of 32 hexadecimal digits as 16 bytes and any other text as it is; so does this type, since a
/// backup compares many millions of them. The order is that of CouchDB's winner rule between leaves that are equally
/// deleted or not: the generation first, then the hash bytewise.
public struct RevisionID: Sendable, Hashable {
    /// The number of edits that lead to this revision, counted from 1; 0 in revisions of `_local` documents.
    public let generation: Int
    private let storage: Storage

    private enum Storage: Hashable {
        case digest(high: UInt64, low: UInt64)
        case text(String)
    }

    /// Makes an identity of a generation and the text behind the hyphen.
    ///
    /// A hash of 32 hexadecimal digits is kept in lower case, as CouchDB answers it.
    public init(generation: Int, hash: String) {
        self.generation = generation
        storage = Self.digest(of: hash) ?? .text(hash)
    }

    /// Reads the text form `N-hash`; nil where it has none.
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard let hyphen = bytes.firstIndex(of: UInt8(ascii: "-")), hyphen != bytes.startIndex,
            let generation = Self.generation(of: bytes[..<hyphen]), !bytes[hyphen...].dropFirst().isEmpty
        else { return nil }
        self.init(generation: generation, hash: String(text[bytes.index(after: hyphen)...]))
    }

    /// The text behind the hyphen.
    public var hash: String {
        switch storage {
        case .digest(let high, let low): Self.hexadecimal(high) + Self.hexadecimal(low)
        case .text(let text): text
        }
    }
}

extension RevisionID: Comparable {
    /// Tells whether the right revision would win against the left one, were both deleted or both not.
    public static func < (left: RevisionID, right: RevisionID) -> Bool {
        guard left.generation == right.generation else { return left.generation < right.generation }
        return switch (left.storage, right.storage) {
        case (.digest(let high, let low), .digest(let otherHigh, let otherLow)):
            (high, low) < (otherHigh, otherLow)
        default:
            left.storedBytes.lexicographicallyPrecedes(right.storedBytes)
        }
    }
}

extension RevisionID: CustomStringConvertible, LosslessStringConvertible {
    /// The text form, `N-hash`.
    public var description: String { "\(generation)-\(hash)" }

    /// Reads the text form `N-hash`; nil where it has none.
    public init?(_ description: String) { self.init(description[...]) }
}

extension RevisionID: Codable {
    /// Decodes the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let revision = RevisionID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "“\(text.prefix(80))” is not a revision, which is a number, “-” and a hash")
        }
        self = revision
    }

    /// Encodes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension RevisionID {
    /// The bytes that CouchDB compares.
    private var storedBytes: [UInt8] {
        switch storage {
        case .digest(let high, let low):
            [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        case .text(let text): Array(text.utf8)
        }
    }

    private static func generation(of digits: some Sequence<UInt8>) -> Int? {
        var value = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    private static func digest(of hash: String) -> Storage? {
        guard hash.utf8.count == 32 else { return nil }
        var words: (high: UInt64, low: UInt64) = (0, 0)
        for (index, byte) in hash.utf8.enumerated() {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            if index < 16 {
                words.high = words.high << 4 | UInt64(digit)
            } else {
                words.low = words.low << 4 | UInt64(digit)
            }
        }
        return .digest(high: words.high, low: words.low)
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
