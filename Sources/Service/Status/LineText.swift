/// Text of a database in a line for people.
package enum LineText {
    /// The text with what would move a terminal's cursor, end the line or turn its direction written as in JSON.
    package static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { line, scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: line.unicodeScalars.append(scalar)
            }
        }
    }
}
