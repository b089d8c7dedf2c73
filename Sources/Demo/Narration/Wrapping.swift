import Service

/// Breaks a text into lines between its words.
struct Wrapping {
    let width: Int
    /// How far lines after the first are set in.
    var hanging = 0
    /// Whether a line that fits stays as it is, such as a row of a table.
    var keepsBlanks = false

    func lines(of text: String) -> [String] {
        if keepsBlanks, TextTable.width(text) <= width { return [text] }
        var lines: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            if let last = lines.last, TextTable.width(last) + 1 + TextTable.width(String(word)) <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append((lines.isEmpty ? "" : String(repeating: " ", count: hanging)) + word)
            }
        }
        return lines.isEmpty ? [""] : lines
    }
}
