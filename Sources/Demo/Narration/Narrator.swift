import CouchSim
import Foundation
import Service
import Supervision

/// Prints the story: what happens as text, facts behind a label, screens of the program as they are.
struct Narrator: Sendable {
    let style: TextStyle
    let output: @Sendable (String) -> Void

    private static let width = 100
    private static let labelWidth = 19
    /// How wide a fact behind a label may be.
    static let factWidth = width - labelWidth - 2

    /// A heading over the whole width.
    func heading(_ title: String) {
        let rule = String(repeating: "─", count: max(3, Self.width - title.count - 5))
        line("\n\(style.strong("─── \(title)")) \(rule)\n")
    }

    /// What happens, and an empty line.
    func paragraph(_ text: String) {
        passage(text)
        gap()
    }

    /// Text that a heading or nothing follows.
    func passage(_ text: String) {
        for part in Wrapping(width: Self.width - 2).lines(of: text) { line("  \(part)") }
    }

    /// A fact behind a label; further texts go below it.
    func fact(_ label: String, _ texts: [String], mark: String? = nil) {
        let wrapping = Wrapping(width: Self.factWidth)
        let lines = texts.enumerated().flatMap { index, text in
            wrapping.lines(of: (index == 0 ? mark.map { "\($0) " } ?? "" : "") + text)
        }
        for (index, text) in lines.enumerated() {
            let padding = String(repeating: " ", count: Self.labelWidth - (index == 0 ? label.count : 0))
            line("  \(index == 0 ? style.strong(label) : "")\(padding)\(text)")
        }
    }

    /// A fact behind a label.
    func fact(_ label: String, _ text: String, mark: String? = nil) { fact(label, [text], mark: mark) }

    /// A command as somebody would type it, and what it prints.
    func screen(_ command: String, _ text: String) {
        line("  \(style.strong("$ \(command)"))")
        for row in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let indent = row.prefix { $0 == " " }.count
            let wrapping = Wrapping(width: Self.width - 4 - indent, hanging: 2, keepsBlanks: true)
            for part in wrapping.lines(of: String(row.dropFirst(indent))) {
                line(part.isEmpty ? "" : "    " + String(repeating: " ", count: indent) + part)
            }
        }
    }

    /// An empty line.
    func gap() { line("") }

    /// What is being waited for: shown on a terminal until the next line, and nowhere else.
    func progress(_ what: String) {
        if case .ansi = style { output("\r\u{1b}[K  … \(what)") }
    }

    /// Takes away what ``progress(_:)`` shows, before somebody else prints.
    func endProgress() {
        if case .ansi = style { output("\r\u{1b}[K") }
    }

    /// Where the folder is that was kept.
    func kept(_ path: String) { line("  The demo's folder is kept: \(path)\n") }

    private func line(_ text: String) {
        switch style {
        case .ansi: output("\r\u{1b}[K\(text)\n")
        case .plain: output(text + "\n")
        }
    }
}
