/// Finds in one partition of two spools the documents that differ: an exact join, in which of several records of one
/// document the last one counts.
struct PartitionJoin {
    /// How a document differs.
    enum Side: Sendable, Hashable {
        case onlyInSource, onlyInTarget, inBoth
    }

    /// A document that differs, by the place of its id.
    struct Candidate: Sendable, Hashable {
        var side: Side
        var id: DocumentID
    }

    /// Kept small: the entries of a partition are met in random order, and what doesn't fit into a processor's cache costs
    /// several times as much.
    private struct Entry {
        var key: SipHash.Value
        /// The sums of both sides; each counts only where that side has the document.
        var source: UInt64 = 0
        var target: UInt64 = 0
        /// Where the id begins, in the source's bytes or else in the target's.
        var offset: Int
        var count: UInt32
        var isInSource = false
        var isInTarget = false

        init(_ record: LeafRecord, id: Range<Int>, isSource: Bool) {
            (key, offset, count) = (record.key, id.lowerBound, UInt32(id.count))
            take(record.sum, isSource: isSource)
        }

        mutating func take(_ sum: UInt64, isSource: Bool) {
            if isSource { (source, isInSource) = (sum, true) } else { (target, isInTarget) = (sum, true) }
        }

        var isEqual: Bool { isInSource && isInTarget && source == target }
    }

    private var entries: [Entry] = []
    /// Indices of entries plus one, by the key's bits; zero where there is none.
    private var slots: [UInt32]

    /// - Parameter records: about how many there are on both sides.
    init(records: Int) {
        var size = 1024
        while size < records * 2 { size *= 2 }
        slots = Array(repeating: 0, count: size)
        entries.reserveCapacity(records)
    }

    /// What a join found.
    struct Result: Sendable {
        var candidates: [Candidate] = []
        /// Documents of each side, each counted once.
        var source = 0
        var target = 0
        var equal = 0
    }

    /// Compares two partitions.
    ///
    /// - Throws: ``SpoolDamage`` where a record is cut off.
    static func join(source: [UInt8], target: [UInt8]) throws -> Result {
        let guess = (source.count + target.count) / (LeafRecord.headSize + 20)
        var join = PartitionJoin(records: guess)
        try join.take(source, isSource: true)
        try join.take(target, isSource: false)
        return join.result(source: source, target: target)
    }

    private mutating func take(_ bytes: [UInt8], isSource: Bool) throws {
        try bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                guard let (record, id) = LeafRecord.read(bytes, at: offset) else { throw SpoolDamage() }
                note(record, id: id, isSource: isSource)
                offset = id.upperBound
            }
        }
    }

    private mutating func note(_ record: LeafRecord, id: Range<Int>, isSource: Bool) {
        if entries.count * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: record.key.low) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if entries[index].key == record.key {
                entries[index].take(record.sum, isSource: isSource)
                return
            }
            slot = (slot + 1) & mask
        }
        entries.append(Entry(record, id: id, isSource: isSource))
        slots[slot] = UInt32(entries.count)
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = larger.count - 1
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.key.low) & mask
            while larger[slot] != 0 { slot = (slot + 1) & mask }
            larger[slot] = UInt32(index + 1)
        }
        slots = larger
    }

    private func result(source: [UInt8], target: [UInt8]) -> Result {
        var result = Result()
        for entry in entries {
            if entry.isInSource { result.source += 1 }
            if entry.isInTarget { result.target += 1 }
            guard !entry.isEqual else {
                result.equal += 1
                continue
            }
            let side: Side = !entry.isInTarget ? .onlyInSource : !entry.isInSource ? .onlyInTarget : .inBoth
            let bytes = side == .onlyInTarget ? target : source
            let id = bytes[entry.offset..<entry.offset + Int(entry.count)]
            result.candidates.append(
                Candidate(side: side, id: DocumentID(String(decoding: id, as: UTF8.self))))
        }
        return result
    }
}

/// A spool whose files are not what was written.
struct SpoolDamage: Error, CustomStringConvertible {
    var description: String { "a file of the comparison is damaged; compare again from the beginning" }
}
