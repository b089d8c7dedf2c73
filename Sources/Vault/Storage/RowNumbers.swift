/// A set of numbers of rows, which mostly lie close together: a bit each instead of the forty bytes of a set's member.
struct RowNumbers {
    private var words: [Int64: UInt64] = [:]

    mutating func insert(_ number: Int64) { words[number >> 6, default: 0] |= 1 << UInt64(number & 63) }

    mutating func remove(_ number: Int64) { words[number >> 6]? &= ~(1 << UInt64(number & 63)) }

    func contains(_ number: Int64) -> Bool { (words[number >> 6] ?? 0) & 1 << UInt64(number & 63) != 0 }

    var count: Int { words.values.reduce(0) { $0 + $1.nonzeroBitCount } }
}
