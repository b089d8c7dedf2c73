import Foundation

/// Names a record of a backup; sealed bytes are bound to it, and open in no other record's place.
struct RecordIdentity {
    enum Kind: String {
        case secretKey, dataKey, history, body, attachment, object, setting, dictionary
    }

    /// The database, the kind and each part, with their lengths before them.
    let bytes: Data

    init(database: String, kind: Kind, _ parts: [Data]) {
        var bytes = Data()
        for part in [Data(database.utf8), Data(kind.rawValue.utf8)] + parts { bytes.append(part, lengthFirst: true) }
        self.bytes = bytes
    }
}

extension Data {
    /// Appends a number as eight bytes, little endian.
    mutating func append(number: Int) {
        Swift.withUnsafeBytes(of: UInt64(truncatingIfNeeded: number).littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(_ part: Data, lengthFirst: Bool) {
        if lengthFirst { append(number: part.count) }
        append(part)
    }

    init(number: Int) {
        self.init()
        append(number: number)
    }

    /// Takes a part that has its length before it from the front; nil where there is none.
    mutating func takePart() -> Data? {
        guard count >= 8 else { return nil }
        let length = prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let length = Int(exactly: length), length <= count - 8 else { return nil }
        let part = Data(dropFirst(8).prefix(length))
        self = Data(dropFirst(8 + length))
        return part
    }
}
