import Foundation

/// The unread bytes of an answer that arrives in pieces, and what it takes to read it value by value.
///
/// Each reading method returns nil, and moves nowhere, while the bytes that it needs aren't there. A value that is not
/// whole at the first look is looked at again only when its end has come, so that the work grows with the bytes and not
/// with their square. Not more is held than one value of the largest allowed size and one piece.
struct JSONStream: Sendable {
    /// What is read, for error messages.
    let subject: String
    /// The largest value, in bytes.
    let valueLimit: Int
    private var buffer: [UInt8] = []
    private var position = 0
    /// The offset of the buffer's first byte in the answer.
    private var origin = 0
    /// Where a value that began at `position` ends; nil where none was found to be incomplete.
    private var boundary: JSONBoundary?

    init(subject: String, valueLimit: Int) {
        self.subject = subject
        self.valueLimit = valueLimit
    }

    /// Takes in the next bytes of the answer.
    mutating func append(_ bytes: some Collection<UInt8>) {
        // What was read is dropped where that moves fewer bytes than it frees.
        if position > buffer.count / 2 || position == buffer.count { dropReadBytes() }
        buffer.append(contentsOf: bytes)
    }

    /// The next byte, white space too.
    var nextByte: UInt8? { position < buffer.count ? buffer[position] : nil }

    /// Moves past the byte that ``nextByte`` or ``peek()`` showed.
    mutating func skipByte() { position += 1 }

    /// Moves past white space and returns the byte behind it.
    mutating func peek() throws(CouchError) -> UInt8? {
        var cursor = JSONCursor(at: position)
        do {
            let byte = try cursor.peek(in: buffer.span.bytes)
            position = cursor.position
            return byte
        } catch {
            position = cursor.position
            guard case .malformed(let offset, let what) = error else { return nil }
            throw malformed(what, at: offset)
        }
    }

    /// Reads one value with the given method, which must move past exactly one.
    @inline(__always)
    mutating func read<Value>(
        _ method: (inout JSONCursor, RawSpan) throws(JSONFault) -> Value
    ) throws(CouchError) -> Value? {
        let wasIncomplete = boundary != nil
        if wasIncomplete, try !isWhole() { return nil }
        var cursor = JSONCursor(at: position)
        let value: Value
        do {
            value = try method(&cursor, buffer.span.bytes)
        } catch {
            switch error {
            case .malformed(let offset, let what): throw malformed(what, at: offset)
            case .incomplete: break
            }
            // The brackets are closed, so that what is missing can't come any more.
            guard !wasIncomplete else { throw malformed("a value that ends too early") }
            dropReadBytes()
            boundary = JSONBoundary(at: 0)
            guard try !isWhole() else { throw malformed("a value that ends too early") }
            return nil
        }
        try checkSize(cursor.position - position)
        position = cursor.position
        boundary = nil
        return value
    }

    /// An error about the byte at this place of the buffer, by default the next one.
    func malformed(_ what: String, at offset: Int? = nil) -> CouchError {
        CouchError(.malformedAnswer, "\(subject) is broken at byte \(origin + (offset ?? position)): \(what)")
    }

    /// An error that shows what comes instead of an answer of CouchDB, such as a proxy's page.
    var notCouchDB: CouchError {
        CouchError(.notCouchDB, "\(subject) doesn't look like one of CouchDB: \(Excerpt(of: buffer[position...]))")
    }

    /// Tells whether the value that was found to be incomplete is whole now.
    private mutating func isWhole() throws(CouchError) -> Bool {
        guard var pending = boundary else { return true }
        let isWhole = pending.advance(over: buffer.span.bytes)
        boundary = pending
        if isWhole { return true }
        try checkSize(buffer.count - position)
        return false
    }

    private func checkSize(_ size: Int) throws(CouchError) {
        guard size <= valueLimit else {
            throw malformed("a value of more than \(valueLimit) bytes, which is the most that is taken")
        }
    }

    private mutating func dropReadBytes() {
        guard position > 0 else { return }
        origin += position
        buffer.removeSubrange(..<position)
        position = 0
    }
}
