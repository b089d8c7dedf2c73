import Foundation

/// Reads a multipart body (RFC 2046, section 5.1) from bytes that arrive in pieces of any size.
///
/// Hand in each piece with ``append(_:)``, then take events with ``next()`` until it returns nil; after the last piece call
/// ``finish()``. The content of parts is passed on as it comes: held are one piece, the headers of one part, and as much
/// as a boundary is long. A part that is multipart itself is content like any other.
public struct MultipartReader: Sendable {
    private enum State {
        /// Before the first boundary; what comes here is no part.
        case preamble(isAtStart: Bool)
        /// Behind a boundary; so many bytes of the headers were looked at without finding their end.
        case headers(scanned: Int)
        /// Inside of a part; at its start the line break before the boundary was that of the headers.
        case content(isAtStart: Bool)
        /// Behind a part's last byte and its boundary.
        case partEnded(isLast: Bool)
        /// Behind the last boundary; what comes here is no part.
        case epilogue
    }

    /// What a place that may begin a boundary is.
    private enum Delimiter {
        case none
        case incomplete
        case boundary(end: Int, isLast: Bool)
    }

    /// The most bytes that the headers of a part may have.
    private static let headerLimit = 64 << 10
    /// The most white space that may come behind a boundary.
    private static let paddingLimit = 64

    private let delimiter: [UInt8]
    private var buffer: [UInt8] = []
    private var position = 0
    private var state = State.preamble(isAtStart: true)
    private var failure: CouchError?

    /// Makes a reader of parts that this text separates, which is a parameter of the body's media type.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the boundary is empty or
    ///   longer than allowed.
    public init(boundary: String) throws(CouchError) {
        guard (1...256).contains(boundary.utf8.count) else {
            throw CouchError(.malformedAnswer, "a multipart body has a boundary of \(boundary.utf8.count) bytes")
        }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Takes in the next bytes of the body.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if position > 0 {
            buffer.removeSubrange(..<position)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Returns what the body says next; nil where the bytes so far don't tell, and behind the end of the body.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the body is broken. The
    ///   same again at each further call.
    public mutating func next() throws(CouchError) -> MultipartEvent? {
        if let failure { throw failure }
        switch state {
        case .preamble(let isAtStart): return try skipPreamble(isAtStart: isAtStart)
        case .headers(let scanned): return try readHeaders(scanned: scanned)
        case .content(let isAtStart): return readContent(isAtStart: isAtStart)
        case .partEnded(let isLast):
            return try begin(at: position, isLast: isLast)
        case .epilogue:
            position = buffer.count
            return nil
        }
    }

    /// Checks, behind the last piece and the last event, that the body was complete.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where it was cut off.
    public func finish() throws(CouchError) {
        if let failure { throw failure }
        guard case .epilogue = state else { throw Self.malformed("it was cut off before its last boundary") }
    }

    private mutating func skipPreamble(isAtStart: Bool) throws(CouchError) -> MultipartEvent? {
        // A body may begin with the boundary, without a line break before it.
        if isAtStart {
            switch delimiter(at: position, skipping: 2) {
            case .incomplete: return nil
            case .boundary(let end, let isLast): return try begin(at: end, isLast: isLast)
            case .none: state = .preamble(isAtStart: false)
            }
        }
        let (preambleEnd, found) = findDelimiter()
        position = preambleEnd
        guard case .boundary(let end, let isLast) = found else { return nil }
        return try begin(at: end, isLast: isLast)
    }

    private mutating func begin(at end: Int, isLast: Bool) throws(CouchError) -> MultipartEvent? {
        position = end
        state = isLast ? .epilogue : .headers(scanned: 0)
        return isLast ? .end : try readHeaders(scanned: 0)
    }

    /// Reads to the empty line behind the headers.
    ///
    /// The boundary's own line break is before them, so that two in a row end them even where there are none.
    private mutating func readHeaders(scanned: Int) throws(CouchError) -> MultipartEvent? {
        var start = position + scanned
        while let candidate = buffer.span.bytes.offset(of: 0x0d, from: start), candidate + 4 <= buffer.count {
            if buffer[candidate + 1] == 0x0a, buffer[candidate + 2] == 0x0d, buffer[candidate + 3] == 0x0a {
                let headers = MultipartHeaders(lines: buffer[position..<candidate])
                position = candidate + 4
                state = .content(isAtStart: true)
                return .part(headers)
            }
            let found = delimiter(at: candidate, skipping: 0)
            if case .boundary = found { throw fail("a boundary in the headers of a part") }
            if case .incomplete = found { break }
            start = candidate + 1
        }
        state = .headers(scanned: start - position)
        guard buffer.count - position <= Self.headerLimit else {
            throw fail("a part with more than \(Self.headerLimit) bytes of headers")
        }
        return nil
    }

    private mutating func readContent(isAtStart: Bool) -> MultipartEvent? {
        if isAtStart {
            switch delimiter(at: position, skipping: 2) {
            case .incomplete: return nil
            case .boundary(let end, let isLast):
                position = end
                state = .partEnded(isLast: isLast)
                return .partEnd
            case .none: state = .content(isAtStart: false)
            }
        }
        let start = position
        let (contentEnd, found) = findDelimiter()
        // The bytes before a boundary go out first; the next call finds it again at once.
        position = contentEnd
        guard contentEnd == start else { return .bytes(Data(buffer[start..<contentEnd])) }
        guard case .boundary(let end, let isLast) = found else { return nil }
        position = end
        state = .partEnded(isLast: isLast)
        return .partEnd
    }

    /// Finds the next boundary from the current position on, and where the bytes end that surely come before it.
    private func findDelimiter() -> (contentEnd: Int, Delimiter) {
        var start = position
        while let candidate = buffer.span.bytes.offset(of: 0x0d, from: start) {
            let found = delimiter(at: candidate, skipping: 0)
            if case .none = found {
                start = candidate + 1
                continue
            }
            return (candidate, found)
        }
        return (buffer.count, .none)
    }

    /// Tells whether there is a boundary here, without its first bytes where those are to be skipped.
    private func delimiter(at start: Int, skipping skipped: Int) -> Delimiter {
        var end = start
        for byte in delimiter.dropFirst(skipped) {
            guard end < buffer.count else { return .incomplete }
            guard buffer[end] == byte else { return .none }
            end += 1
        }
        // Another boundary may only begin like this one: two hyphens or the end of the line must follow.
        guard end + 1 < buffer.count else {
            return end == buffer.count || "-\r \t".utf8.contains(buffer[end]) ? .incomplete : .none
        }
        if buffer[end] == UInt8(ascii: "-"), buffer[end + 1] == UInt8(ascii: "-") {
            return .boundary(end: end + 2, isLast: true)
        }
        let paddingEnd = min(buffer.count, end + Self.paddingLimit)
        while end < paddingEnd, buffer[end] == UInt8(ascii: " ") || buffer[end] == UInt8(ascii: "\t") { end += 1 }
        guard end + 1 < buffer.count else {
            return end == buffer.count || buffer[end] == 0x0d ? .incomplete : .none
        }
        return buffer[end] == 0x0d && buffer[end + 1] == 0x0a ? .boundary(end: end, isLast: false) : .none
    }

    private mutating func fail(_ what: String) -> CouchError {
        let error = Self.malformed(what)
        failure = error
        return error
    }

    private static func malformed(_ what: String) -> CouchError {
        CouchError(.malformedAnswer, "a multipart body is broken: \(what)")
    }
}

extension RawSpan {
    /// Finds a byte, looking at eight at a time.
    fileprivate func offset(of byte: UInt8, from start: Int) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var offset = start
        while byteCount - offset >= 8 {
            let difference = word(at: offset) ^ (ones &* UInt64(byte))
            let found = (difference &- ones) & ~difference & (ones &* 0x80)
            if found != 0 { return offset + found.trailingZeroBitCount >> 3 }
            offset += 8
        }
        while offset < byteCount {
            if self.byte(at: offset) == byte { return offset }
            offset += 1
        }
        return nil
    }
}
