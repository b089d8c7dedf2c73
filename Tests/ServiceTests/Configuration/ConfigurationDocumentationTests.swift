import Foundation
import Service
import Testing

@Suite("docs/configuration.md")
struct ConfigurationDocumentationTests {
    private let text: String

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        text = try String(contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
    }

    /// The part of the page about a section of the file.
    private func part(_ section: ConfigurationSection) -> Substring? {
        text.split(separator: "\n## ").first { part in
            let heading = part.prefix { $0 != "\n" }
            return section.path.isEmpty ? heading == "The file" : heading.contains("`\(section.path)`")
        }
    }

    private func row(_ key: ConfigurationKey) -> String {
        "| `\(key.name)` | \(key.type) | \(key.defaultText) | \(key.meaning) | `\(key.example)` |"
    }

    @Test(arguments: ConfigurationSection.all) func everyKeyHasItsRow(section: ConfigurationSection) throws {
        let found = part(section)
        let part = try #require(found, "no heading names `\(section.path)`")
        for key in section.keys {
            #expect(part.contains("\n\(row(key))\n"), "missing: \(row(key))")
        }
        let rows = part.split(separator: "\n").filter { $0.hasPrefix("| `") }
        #expect(rows.count == section.keys.count, "the page has rows for keys that don't exist")
    }

    @Test func everyCodeIsExplained() {
        for code in ConfigurationIssue.Code.allCases {
            #expect(text.contains("\n| `\(code)` | "), "missing: \(code)")
        }
    }

    /// All examples of the page are good configurations, or good parts of one.
    @Test func examplesAreGood() throws {
        let blocks = text.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
        #expect(blocks.count >= 4)
        let servers = "servers: { production: { url: \"http://a\" }, standby: { url: \"http://b\" } }\n"
        for block in blocks {
            let text =
                block.hasPrefix("servers:")
                ? String(block) : block.hasPrefix("pairs:") ? servers + block : Samples.minimal + "\n" + block
            #expect(Samples.issues(in: text).map(\.description) == [], "\(block)")
        }
    }

    /// The default in the table is the one in force.
    @Test func defaultsAreThoseInForce() throws {
        let shown = try Samples.read(Samples.minimal).effective.render()
        for section in ConfigurationSection.all where part(section) != nil {
            for key in section.keys where shown.contains(" \(key.name): ") {
                guard let line = shown.split(separator: "\n").first(where: { $0.contains(" \(key.name): ") }),
                    line.hasSuffix("# default"), !["source", "target"].contains(key.name)
                else { continue }
                #expect(line.contains(": \(key.defaultText)  #"), "\(key.name): \(line)")
            }
        }
    }
}
