/// Writes random JSON in all the spellings that the grammar allows.
struct RandomJSON {
    var generator: SeededGenerator
    /// White space between tokens; off for what a server sends.
    var isSpaced = true

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &generator)]
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }

    mutating func space() -> String {
        isSpaced && chance(3)
            ? (0..<Int.random(in: 1...3, using: &generator)).map { _ in pick([" ", "\n", "\t", "\r"]) }.joined() : ""
    }

    /// Characters of one to four bytes, and those that need an escape.
    mutating func text() -> String {
        let scalars: [Character] = [
            "a", "b", "Z", "0", " ", "/", "\"", "\\", "\n", "\t", "\u{1}", "\u{7f}", "é", "ß", "€", "漢", "😀", "𝄞",
            "\u{e000}", "\u{10ffff}", "{", "}", "[", "]", ",", ":",
        ]
        let length = chance(4) ? Int.random(in: 0...40, using: &generator) : Int.random(in: 0...9, using: &generator)
        return String((0..<length).map { _ in pick(scalars) })
    }

    /// A string with its quotation marks, some characters escaped although they needn't be.
    mutating func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case "\n": result += pick(["\\n", "\\u000a", "\\u000A"])
            case "\t": result += pick(["\\t", "\\u0009"])
            case "/" where chance(2): result += "\\/"
            default:
                if scalar.value < 0x20 || chance(8) {
                    for unit in String(scalar).utf16 { result += escape(unit) }
                } else {
                    result += String(scalar)
                }
            }
        }
        return result + "\""
    }

    private mutating func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16, uppercase: chance(2))
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    mutating func number() -> String {
        pick([
            "0", "-0", "1", "-1", "12345", "0.5", "-1.25", "1e3", "1E+3", "2e-2", "1.0", "10.50e1",
            "12345678901234567890",
        ])
    }

    mutating func value(depth: Int = 3) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
        case 0: return pick(["true", "false", "null"])
        case 1, 2: return number()
        case 3, 4, 5:
            let text = text()
            return string(text)
        case 6:
            return array((0..<Int.random(in: 0...4, using: &generator)).map { _ in value(depth: depth - 1) })
        default: return document(depth: depth - 1)
        }
    }

    mutating func array(_ elements: [String]) -> String {
        "[" + space() + elements.map { $0 + space() }.joined(separator: "," + space()) + "]"
    }

    /// An object; the members keep their order.
    mutating func object(_ members: [(key: String, value: String)]) -> String {
        var parts: [String] = []
        for member in members {
            let key = string(member.key)
            parts.append(space() + key + space() + ":" + space() + member.value + space())
        }
        return "{" + parts.joined(separator: ",") + space() + "}"
    }

    /// An object with keys that are all different.
    mutating func document(depth: Int = 3) -> String {
        var members: [(key: String, value: String)] = []
        for number in 0..<Int.random(in: 0...5, using: &generator) {
            let key = "\(number)" + text()
            members.append((key, value(depth: depth)))
        }
        return object(members)
    }
}
