import Foundation
import NIOCore

/// A request as it came over the wire.
struct ReceivedRequest: Sendable {
    var method: String
    /// The target as it was sent, still escaped.
    var target: String
    /// The headers, names in small letters.
    var headers: [String: String]
    var body: String

    /// The target without its query.
    var path: String { String(target.prefix { $0 != "?" }) }

    /// Takes one whole request, whose length must be given, out of the bytes; nil where there is none yet.
    init?(takenFrom buffer: inout ByteBuffer) {
        let text = String(buffer: buffer)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        method = String(words[0])
        target = String(words[1])
        headers = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let headLength = text[..<end.upperBound].utf8.count
        let bodyLength = Int(headers["content-length"] ?? "0") ?? 0
        guard buffer.readableBytes >= headLength + bodyLength else { return nil }
        buffer.moveReaderIndex(forwardBy: headLength)
        body = buffer.readString(length: bodyLength) ?? ""
    }
}

extension ReceivedRequest {
    /// The query's names and values, unescaped.
    var query: [String: String] {
        guard let mark = target.firstIndex(of: "?") else { return [:] }
        let pairs = target[target.index(after: mark)...].split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            return (String(parts[0]), value.removingPercentEncoding ?? value)
        }
        return Dictionary(pairs) { _, last in last }
    }
}
