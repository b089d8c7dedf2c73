import Foundation

@testable import Replication

/// Random members of documents, in which each kind of value has its edges: what a revision's hash must get right.
struct RandomContent {
    var random: SeededGenerator
    private static let words = [
        "", "a", "Ä", "e\u{301}", "😀", "\\u00fc", "\\ud83d\\ude00", "\\n", "\\\"", "\\u0000", "/", "\\/",
    ]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    /// Some members of a document, without braces.
    mutating func members() -> String {
        (0..<Int.random(in: 0...6, using: &random)).map { number in
            // Now and then a member is given twice.
            let key = Int.random(in: 0..<12, using: &random) == 0 ? "k0" : "k\(number)" + text()
            return "\"\(key)\":" + value(depth: 4)
        }.joined(separator: ",")
    }

    private mutating func text() -> String {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in pick(Self.words) }.joined()
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 12 : 8), using: &random) {
        case 0: pick(["null", "true", "false"])
        case 1, 2: integer()
        case 3, 4: float()
        case 5, 6: "\"\(text())\""
        case 7: bytes()
        case 8, 9: list(depth: depth - 1)
        default:
            "{"
                + (0..<Int.random(in: 0...3, using: &random)).map { "\"\($0)\(text())\":" + value(depth: depth - 1) }
                .joined(separator: ",") + "}"
        }
    }

    private mutating func list(depth: Int) -> String {
        "[" + (0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth) }.joined(separator: ", ") + "]"
    }

    /// A list that Erlang writes as a string, or just not.
    private mutating func bytes() -> String {
        var elements = (0..<Int.random(in: 1...9, using: &random)).map { _ in
            "\(UInt8.random(in: 0...255, using: &random))"
        }
        if Bool.random(using: &random) { elements.append(pick(["256", "-1", "1.0", "\"\"", "[1]", "null", "0"])) }
        return "[" + elements.joined(separator: ",") + "]"
    }

    private mutating func integer() -> String {
        let edges = [
            "0", "-0", "1", "255", "256", "-1", "2147483647", "2147483648", "-2147483648", "-2147483649",
            "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
            "-9223372036854775809", "18446744073709551615", "18446744073709551616",
        ]
        guard Bool.random(using: &random) else { return pick(edges) }
        // CouchDB 3.5.0 fails (badarith) where a whole number is beyond what a Double holds.
        let count = pick([3, 18, 19, 20, 40, 150, 305])
        let digits = (0..<count).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
        return pick(["", "-"]) + "\(Int.random(in: 1...9, using: &random))" + digits
    }

    private mutating func float() -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            return pick([
                "1.0", "-1.50", "1e3", "1E-3", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "0.1",
                "123456789.123456789", "1e21", "1e20", "123456789012345680000.0", "0.1e-6",
            ])
        case 1: return "\(Double.random(in: -1000...1000, using: &random))"
        case 2:
            return
                "\(Int.random(in: -99...99, using: &random)).\(Int.random(in: 1...999, using: &random))e\(Int.random(in: -300...300, using: &random))"
        default:
            let value = Double(bitPattern: random.next())
            return value.isFinite && value != 0 ? "\(value)" : "1.5"
        }
    }
}
