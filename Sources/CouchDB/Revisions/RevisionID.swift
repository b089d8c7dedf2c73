/// The identity of one revision of a document: its generation and a hash, written `3-917fa2381192822767f010b95b45325b`.
///
/// CouchDB holds a hash of 32 hexadecimal digits as 16 bytes and any other text as it is; so does this type, since a
/// backup compares many millions of them. The order is that of CouchDB's winner rule between leaves that are equally
/// deleted or not: the generation first, then the hash bytewise.
///
/// Whoever may write to a database can give a revision any hash, even an empty one, and any generation
/// (`new_edits=false`; tried on 3.5.0), and no such document may stop a backup: every text that CouchDB serves is taken.
public struct RevisionID: Sendable, Hashable {
    /// The number of edits that lead to this revision, counted from 1; 0 in revisions of `_local` documents.
    ///
    /// A number beyond 64 bits is shown as the largest `Int`, but kept as it is in text, order and equality.
    public let generation: Int
    private let storage: Storage

    private enum Storage: Hashable {
        case digest(high: UInt64, low: UInt64)
        /// Bytes, since Swift takes two spellings of “é” for equal texts, and CouchDB doesn't.
        case text([UInt8])
        /// A generation that no `Int` holds, as its digits, with the hash.
        case oversized(digits: String, hash: [UInt8])
    }

    /// Makes an identity of a generation and the text behind the hyphen.
    ///
    /// A hash of 32 hexadecimal digits is kept in lower case, as CouchDB answers it.
    public init(generation: Int, hash: String) {
        self.init(generation: generation, storage: Self.digest(of: hash) ?? .text(Array(hash.utf8)))
    }

    /// Makes an identity of a generation and the 16 bytes that 32 hexadecimal digits stand for, the first ones in `high`.
    public init(generation: Int, digest: (high: UInt64, low: UInt64)) {
        self.init(generation: generation, storage: .digest(high: digest.high, low: digest.low))
    }

    /// Reads the usual text form, a generation of few digits and a hash of 32, without making a string.
    ///
    /// nil where it has another form.
    init?(digestText text: RawSpan) {
        let digits = text.byteCount - 33
        guard digits > 0, digits < 16, text.byte(at: digits) == UInt8(ascii: "-") else { return nil }
        var generation = 0
        for offset in 0..<digits {
            guard let digit = text.byte(at: offset).hexadecimalDigit, digit < 10 else { return nil }
            generation = generation * 10 + Int(digit)
        }
        self.init(generation: generation, digestText: text.extracting((digits + 1)..<text.byteCount))
    }

    /// Reads a hash of 32 hexadecimal digits; nil where it is another one.
    init?(generation: Int, digestText text: RawSpan) {
        guard text.byteCount == 32,
            let first = text.hexadecimalNumber(at: 0), let second = text.hexadecimalNumber(at: 8),
            let third = text.hexadecimalNumber(at: 16), let fourth = text.hexadecimalNumber(at: 24)
        else { return nil }
        let (high, low) = (UInt64(first) << 32 | UInt64(second), UInt64(third) << 32 | UInt64(fourth))
        self.init(generation: generation, storage: .digest(high: high, low: low))
    }

    private init(generation: Int, storage: Storage) {
        self.generation = generation
        self.storage = storage
    }

    /// Reads the text form `N-hash`; nil where it has none.
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard let hyphen = bytes.firstIndex(of: UInt8(ascii: "-")), hyphen != bytes.startIndex,
            bytes[..<hyphen].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let hash = String(text[bytes.index(after: hyphen)...])
        guard let generation = Int(text[..<hyphen]) else {
            let digits = String(text[..<hyphen].drop { $0 == "0" })
            self.init(generation: .max, storage: .oversized(digits: digits, hash: Array(hash.utf8)))
            return
        }
        self.init(generation: generation, hash: hash)
    }

    /// The hash as two words, the first digits in the first one; nil where it is not 32 hexadecimal digits.
    public var digest: (high: UInt64, low: UInt64)? {
        guard case .digest(let high, let low) = storage else { return nil }
        return (high, low)
    }

    /// The text behind the hyphen.
    public var hash: String {
        switch storage {
        case .digest(let high, let low): Self.hexadecimal(high, low)
        case .text(let bytes), .oversized(_, let bytes): String(decoding: bytes, as: UTF8.self)
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
        case (.oversized(let digits, _), .oversized(let otherDigits, _)) where digits != otherDigits:
            (digits.utf8.count, digits) < (otherDigits.utf8.count, otherDigits)
        case (.oversized, .digest), (.oversized, .text): false
        case (.digest, .oversized), (.text, .oversized): true
        default:
            left.storedBytes.lexicographicallyPrecedes(right.storedBytes)
        }
    }
}

extension RevisionID: CustomStringConvertible, LosslessStringConvertible {
    /// The text form, `N-hash`.
    public var description: String {
        guard case .oversized(let digits, _) = storage else { return "\(generation)-\(hash)" }
        return "\(digits)-\(hash)"
    }

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
    /// The hash as CouchDB holds it: 16 bytes, or the text.
    var hashBytes: [UInt8] { storedBytes }

    /// The bytes that CouchDB compares.
    private var storedBytes: [UInt8] {
        switch storage {
        case .digest(let high, let low):
            [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        case .text(let bytes), .oversized(_, let bytes): bytes
        }
    }

    private static func digest(of hash: String) -> Storage? {
        guard hash.utf8.count == 32 else { return nil }
        var words: (high: UInt64, low: UInt64) = (0, 0)
        for (index, byte) in hash.utf8.enumerated() {
            guard let digit = byte.hexadecimalDigit else { return nil }
            if index < 16 {
                words.high = words.high << 4 | UInt64(digit)
            } else {
                words.low = words.low << 4 | UInt64(digit)
            }
        }
        return .digest(high: words.high, low: words.low)
    }

    /// Appends the text form, `N-hash`, without making a string of it.
    package func appendText(to bytes: inout [UInt8]) {
        guard case .digest = storage, (0..<10).contains(generation) else {
            bytes.append(contentsOf: description.utf8)
            return
        }
        bytes.append(UInt8(ascii: "0") + UInt8(generation))
        bytes.append(UInt8(ascii: "-"))
        appendHash(to: &bytes)
    }

    /// Appends the text behind the hyphen, without making a string of it.
    package func appendHash(to bytes: inout [UInt8]) {
        switch storage {
        case .digest(let high, let low):
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
                Self.write(high, low, into: text)
                bytes.append(contentsOf: text)
            }
        case .text(let hash), .oversized(_, let hash): bytes.append(contentsOf: hash)
        }
    }

    private static func hexadecimal(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 32) { text in
            write(high, low, into: text)
            return 32
        }
    }

    private static func write(_ high: UInt64, _ low: UInt64, into text: UnsafeMutableBufferPointer<UInt8>) {
        for place in 0..<16 {
            let shift = UInt64(60 - 4 * place)
            text[place] = UInt8(hexadecimalDigit: high >> shift)
            text[place + 16] = UInt8(hexadecimalDigit: low >> shift)
        }
    }
}

extension UInt8 {
    /// The lower-case digit of a number's last four bits.
    fileprivate init(hexadecimalDigit number: UInt64) {
        let value = UInt8(truncatingIfNeeded: number & 15)
        self = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
