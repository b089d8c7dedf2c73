import Foundation

extension String {
    /// This text on one line: control characters and line separators become spaces.
    var singleLine: String {
        let breaking = CharacterSet.controlCharacters.union(.newlines)
        return unicodeScalars.contains(where: breaking.contains)
            ? components(separatedBy: breaking).filter { !$0.isEmpty }.joined(separator: " ") : self
    }

    /// The first characters of this text on one line, for an error or a log.
    func excerpt(_ length: Int = 300) -> String {
        let line = singleLine.trimmingCharacters(in: .whitespaces)
        return line.count <= length ? line : line.prefix(length) + "…"
    }
}
