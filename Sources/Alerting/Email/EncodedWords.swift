import Foundation

/// Header text outside of ASCII, as RFC 2047 wants it.
enum EncodedWords {
    /// With this many bytes a word and the name of the header before it stay within 76 columns.
    private static let bytesInWord = 39

    /// Returns header text that is safe in a header: folded, ASCII only, on lines of at most 76 columns where it can.
    static func headerText(_ text: String, after header: String) -> String {
        let line = text.singleLine
        let isPlain = line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } && !line.contains("=?")
        return isPlain ? fold(line, after: header) : encode(line)
    }

    /// Returns Base64 words, one a line; no character is cut.
    static func encode(_ text: String) -> String {
        var words: [Data] = [Data()]
        for scalar in text.unicodeScalars {
            let bytes = Data(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > bytesInWord { words.append(Data()) }
            words[words.count - 1].append(bytes)
        }
        return words.map { "=?UTF-8?B?\($0.base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    private static func fold(_ line: String, after header: String) -> String {
        var folded = ""
        var column = header.count + 2
        for (index, word) in line.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
            // A fold needs text before and after it: a line of blanks would end the header.
            let breaks = index > 0 && column + 1 + word.count > 76 && !word.isEmpty && folded.last != " "
            if index > 0 { folded += breaks ? "\r\n " : " " }
            column = breaks ? 1 + word.count : column + (index > 0 ? 1 : 0) + word.count
            folded += word
        }
        return folded
    }
}
