/// The documents of a database in the order of their newest change.
struct ChangeOrder: Sendable {
    private struct Entry {
        var sequence: Int
        /// nil where the document has changed again since.
        var id: String?
    }

    private var entries: [Entry] = []
    private var staleCount = 0

    /// Moves a document to the end.
    mutating func move(_ id: String, from old: Int, to new: Int) {
        remove(old)
        entries.append(Entry(sequence: new, id: id))
    }

    /// Removes the entry of a change.
    mutating func remove(_ sequence: Int) {
        let index = index(after: sequence - 1)
        guard sequence > 0, index < entries.count, entries[index].sequence == sequence, entries[index].id != nil else {
            return
        }
        entries[index].id = nil
        staleCount += 1
        if staleCount > entries.count / 2 + 64 {
            entries.removeAll { $0.id == nil }
            staleCount = 0
        }
    }

    /// The newest change; zero where there is none.
    var newest: Int { entries.last { $0.id != nil }?.sequence ?? 0 }

    /// The changes behind a position, oldest first.
    func changes(after sequence: Int) -> some Sequence<(sequence: Int, id: String)> {
        entries[index(after: sequence)...].lazy.compactMap { entry in entry.id.map { (entry.sequence, $0) } }
    }

    /// The number of changes behind a position.
    func count(after sequence: Int) -> Int {
        let rest = entries[index(after: sequence)...]
        return staleCount == 0 ? rest.count : rest.count { $0.id != nil }
    }

    private func index(after sequence: Int) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
