import Foundation

/// A mail that the sink was sent.
package struct ReceivedMail: Sendable, Hashable {
    package var sender: String
    package var recipients: [String]
    /// The name of the login, where there was one.
    package var user: String?
    /// The mail as it came, headers and body, without dot-stuffing.
    package var source: String

    package init(sender: String, recipients: [String], user: String? = nil, source: String) {
        self.sender = sender
        self.recipients = recipients
        self.user = user
        self.source = source
    }

    /// The value of a header, unfolded and decoded.
    package func header(_ name: String) -> String? {
        let head = source.components(separatedBy: "\r\n\r\n")[0]
        let unfolded = head.replacingOccurrences(of: "\r\n ", with: " ").replacingOccurrences(of: "\r\n\t", with: " ")
        let prefix = name.lowercased() + ":"
        let line = unfolded.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(prefix) }
        return line.map { Self.decodeWords($0.dropFirst(prefix.count).trimmingCharacters(in: .whitespaces)) }
    }

    package var subject: String { header("Subject") ?? "" }

    /// The text of the body, with line feeds.
    package var text: String {
        guard let gap = source.range(of: "\r\n\r\n") else { return "" }
        let body = String(source[gap.upperBound...])
        let decoded =
            switch header("Content-Transfer-Encoding")?.lowercased() {
            case "quoted-printable": Self.decodeQuotedPrintable(body)
            case "base64":
                String(decoding: Data(base64Encoded: body, options: .ignoreUnknownCharacters) ?? Data(), as: UTF8.self)
            default: body
            }
        return decoded.replacingOccurrences(of: "\r\n", with: "\n")
    }

    /// Decodes RFC 2047 words in UTF-8; blanks between two words are not part of the text.
    private static func decodeWords(_ text: String) -> String {
        let pattern = /=\?[Uu][Tt][Ff]-8\?(?<kind>[BbQq])\?(?<content>[^?]*)\?=/
        var bytes: [UInt8] = []
        var end = text.startIndex
        var followsWord = false
        for match in text.matches(of: pattern) {
            let between = text[end..<match.range.lowerBound]
            if !(followsWord && between.allSatisfy(\.isWhitespace)) { bytes += Array(between.utf8) }
            let content = String(match.output.content)
            if match.output.kind.lowercased() == "b" {
                bytes += [UInt8](Data(base64Encoded: content) ?? Data())
            } else {
                bytes += Array(decodeQuotedPrintable(content.replacingOccurrences(of: "_", with: " ")).utf8)
            }
            followsWord = true
            end = match.range.upperBound
        }
        bytes += Array(text[end...].utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decodeQuotedPrintable(_ text: String) -> String {
        let source = Array(text.replacingOccurrences(of: "=\r\n", with: "").utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            let pair = String(decoding: source[index...].dropFirst().prefix(2), as: UTF8.self)
            if source[index] == UInt8(ascii: "="), pair.utf8.count == 2, let byte = UInt8(pair, radix: 16) {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
