/// Rows of text with their columns in line; escape sequences take no room.
package struct TextTable: Sendable {
    private let rows: [[String]]

    package init(_ rows: [[String]]) { self.rows = rows }

    /// The table, without a final line end and without blanks at line ends.
    package func render() -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? Self.width($0[column]) : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                text + String(repeating: " ", count: widths[column] - Self.width(text))
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// How many columns a text takes on a terminal.
    package static func width(_ text: String) -> Int {
        var width = 0
        var isInEscape = false
        for character in text {
            if character == "\u{1b}" {
                isInEscape = true
            } else if isInEscape {
                if character.isLetter { isInEscape = false }
            } else {
                width += 1
            }
        }
        return width
    }
}
