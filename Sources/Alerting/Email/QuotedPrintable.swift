/// Text of a mail in quoted-printable: ASCII, lines of at most 76 columns, ends of lines as CR LF.
enum QuotedPrintable {
    static func encode(_ text: String) -> String {
        var output = ""
        var lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").split(
            separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for line in lines {
            encode(Array(line.utf8), into: &output)
            output += "\r\n"
        }
        return output
    }

    private static func encode(_ line: [UInt8], into output: inout String) {
        var column = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let isBlank = byte == 0x20 || byte == 0x09
            // A blank at the end of a line may be lost on the way.
            let isLiteral = (isBlank && !isLast) || (byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "="))
            let piece = isLiteral ? String(UnicodeScalar(byte)) : "=" + hex(byte)
            if column + piece.utf8.count > (isLast ? 76 : 75) {
                output += "=\r\n"
                column = 0
            }
            output += piece
            column += piece.utf8.count
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }
}
