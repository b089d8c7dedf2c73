import Foundation

/// Puts rows into the order of their documents' ids, as many as fit into some megabytes.
struct IDSorter: Sendable {
    /// A row of the table of leaves.
    struct Row: Sendable, Hashable {
        var id: Int64
        /// Whether its document may have further leaves.
        var hasOthers: Bool
    }

    private struct Entry {
        var start: Int
        var count: Int
        var row: Row
    }

    private let capacity: Int
    private var names: [UInt8] = []
    private var entries: [Entry] = []

    /// - Parameter capacity: the bytes that rows and ids may take; the last of them may go beyond it.
    init(capacity: Int) { self.capacity = capacity }

    /// Whether no further row is to be added.
    var isFull: Bool { names.count + entries.count * MemoryLayout<Entry>.stride >= capacity }

    mutating func add(_ row: Row, named name: UnsafeRawBufferPointer) {
        entries.append(Entry(start: names.count, count: name.count, row: row))
        names.append(contentsOf: name)
    }

    /// The rows by the bytes of their ids, as CouchDB sorts them.
    func sorted() -> [Row] {
        names.withUnsafeBytes { names in
            guard let base = names.baseAddress else { return entries }
            return entries.sorted { left, right in
                let order = memcmp(base + left.start, base + right.start, min(left.count, right.count))
                return order == 0 ? left.count < right.count : order < 0
            }
        }.map(\.row)
    }
}
