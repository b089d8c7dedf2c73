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

    private struct Entry {
        var key: SipHash.Value
        var source: UInt64?
        var target: UInt64?
        /// Where the id is, in the source's bytes or else in the target's.
        var id: Range<Int>
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
                if isSource { entries[index].source = record.sum } else { entries[index].target = record.sum }
                return
            }
            slot = (slot + 1) & mask
        }
        entries.append(
            Entry(
                key: record.key, source: isSource ? record.sum : nil, target: isSource ? nil : record.sum, id: id))
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
            if entry.source != nil { result.source += 1 }
            if entry.target != nil { result.target += 1 }
            guard entry.source != entry.target else {
                result.equal += 1
                continue
            }
            let side: Side =
                entry.target == nil ? .onlyInSource : entry.source == nil ? .onlyInTarget : .inBoth
            let bytes = side == .onlyInTarget ? target : source
            result.candidates.append(
                Candidate(side: side, id: DocumentID(String(decoding: bytes[entry.id], as: UTF8.self))))
        }
        return result
    }
}

/// A spool whose files are not what was written.
struct SpoolDamage: Error, CustomStringConvertible {
    var description: String { "a file of the comparison is damaged; compare again from the beginning" }
}
