/// A share in hundredths, such as `0.5%`, exact to a thousandth of a per cent.
package struct Percentage: Sendable, Hashable {
    /// In thousandths of a per cent, from 1 to 100,000.
    package let thousandths: Int

    /// Makes whole per cents.
    package init(_ percent: Int) { thousandths = percent * 1000 }

    /// Reads `20%` or `0.5%`; more than 0 and at most 100.
    package init?(text: String) {
        guard text.hasSuffix("%") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }),
            parts[0].count <= 3, let whole = Int(parts[0])
        else { return nil }
        let decimals = parts.count > 1 ? parts[1] : "0"
        guard decimals.count <= 3, let fraction = Int(decimals + String(repeating: "0", count: 3 - decimals.count))
        else { return nil }
        let value = whole * 1000 + fraction
        guard (1...100_000).contains(value) else { return nil }
        thousandths = value
    }

    /// The share of 1, such as 0.2.
    package var fraction: Double { Double(thousandths) / 100_000 }
}

extension Percentage: CustomStringConvertible {
    package var description: String {
        let fraction = thousandths % 1000
        guard fraction > 0 else { return "\(thousandths / 1000)%" }
        var digits = String(fraction + 1000).dropFirst()
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(thousandths / 1000).\(digits)%"
    }
}
