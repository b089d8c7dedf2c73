/// A text of the file as an error may show it: short, on one line, without what could be a password in a URL.
struct Quotation: CustomStringConvertible {
    private let text: String
    private static let longest = 60

    init(_ text: String) { self.text = text }

    var description: String {
        var shown = text
        // The last @ counts: a password that isn't escaped may hold one itself, and a slash.
        if let at = shown.lastIndex(of: "@") {
            let scheme = shown.firstRange(of: "://").map { shown[..<$0.upperBound] } ?? ""
            if at >= scheme.endIndex { shown = "\(scheme)•••\(shown[at...])" }
        }
        if shown.count > Self.longest { shown = "\(shown.prefix(Self.longest))…" }
        let scalars = shown.unicodeScalars.map { $0.properties.generalCategory == .control ? "�" : String($0) }
        return "\"\(scalars.joined())\""
    }
}
