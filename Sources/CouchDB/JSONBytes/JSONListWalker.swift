/// Walks an answer that is an object around one long array, `{"results":[…],"last_seq":…}`, without holding it.
///
/// ``place(in:)`` says what the stream stands before, and says the same until ``advance()`` is called, which must happen
/// once the value there was read. An error that the server reports instead of the array, or in the middle of it, is
/// thrown with the server's words.
struct JSONListWalker: Sendable {
    /// What the stream stands before.
    enum Place: Equatable {
        /// An element of the array.
        case element
        /// The value of another member of the object.
        case member(String)
        /// What follows the object.
        case end
    }

    private enum State {
        case start
        /// Behind the opening brace, behind a member, and behind the comma after one.
        case open, behindMember, key
        /// Behind a key, and behind its colon.
        case colon(String), value(String)
        /// Behind the opening bracket, and behind an element.
        case listOpen, behindElement
        case element, end
    }

    private let listName: String
    private var state = State.start
    private var hasList = false
    private var reported: (error: String?, reason: String?)

    /// Makes a walker.
    ///
    /// - Parameter listName: the key of the array.
    init(listName: String) { self.listName = listName }

    mutating func place(in stream: inout JSONStream) throws(CouchError) -> Place? {
        while true {
            switch state {
            case .element: return .element
            case .end: return .end
            case .value(let key) where key != listName && key != "error" && key != "reason": return .member(key)
            default: break
            }
            guard let byte = try stream.peek(), try step(over: byte, in: &stream) else { return nil }
        }
    }

    /// Notes that the value at the place was read.
    mutating func advance() {
        switch state {
        case .element: state = .behindElement
        case .value: state = .behindMember
        default: break
        }
    }

    /// Moves past the next byte, or past what it begins; false where bytes are missing.
    private mutating func step(over byte: UInt8, in stream: inout JSONStream) throws(CouchError) -> Bool {
        switch (state, byte) {
        case (.start, UInt8(ascii: "{")): state = .open
        case (.start, _): throw stream.notCouchDB
        case (.open, UInt8(ascii: "}")), (.behindMember, UInt8(ascii: "}")):
            guard hasList else { throw errorOfObjectWithoutList(in: stream) }
            state = .end
        case (.behindMember, UInt8(ascii: ",")): state = .key
        case (.open, _), (.key, _):
            guard let key = try stream.read({ (cursor, bytes) throws(JSONFault) in try cursor.text(in: bytes) }) else {
                return false
            }
            state = .colon(key)
            return true
        case (.colon(let key), UInt8(ascii: ":")): state = .value(key)
        case (.value(listName), UInt8(ascii: "[")):
            hasList = true
            state = .listOpen
        case (.value(let key), _) where key != listName: return try readReport(key, in: &stream)
        case (.listOpen, UInt8(ascii: "]")), (.behindElement, UInt8(ascii: "]")): state = .behindMember
        case (.listOpen, _):
            state = .element
            return true
        case (.behindElement, UInt8(ascii: ",")): state = .element
        case (.behindElement, UInt8(ascii: "{")): return try readInterruption(in: &stream)
        default: throw stream.malformed("not what is expected here")
        }
        stream.skipByte()
        return true
    }

    /// Reads `"error":"…"` and `"reason":"…"`, which a server may answer instead of the list.
    private mutating func readReport(_ key: String, in stream: inout JSONStream) throws(CouchError) -> Bool {
        guard let text = try stream.read({ (cursor, bytes) throws(JSONFault) in try cursor.optionalText(in: bytes) })
        else { return false }
        if key == "error" { reported.error = text } else { reported.reason = text }
        state = .behindMember
        return true
    }

    /// Reads the object that a server sends behind an element, without a comma, when it fails in the middle.
    private func readInterruption(in stream: inout JSONStream) throws(CouchError) -> Bool {
        let value = try stream.read { (cursor, bytes) throws(JSONFault) in
            try ServerReport(reading: &cursor, in: bytes)
        }
        guard let report = value else { return false }
        throw report.map { $0.error(in: stream.subject) } ?? stream.malformed("an object without a comma before it")
    }

    private func errorOfObjectWithoutList(in stream: JSONStream) -> CouchError {
        guard let error = reported.error else { return stream.malformed("an object without “\(listName)”") }
        return ServerReport(error: error, reason: reported.reason).error(in: stream.subject)
    }
}
