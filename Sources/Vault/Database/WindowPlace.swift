import CouchDB

/// A place in the feed of a ``MomentByID``: the row behind which a window begins, and how much of that is read.
///
/// At the beginning of a window it is written as a place in the feed of the moment itself, which says the same: all rows up to
/// that one are read. Within a window it is written `row+read/size`.
struct WindowPlace {
    let start: Int64
    private let read: Int
    private let size: Int

    init(start: Int64, read: Int = 0, of size: Int = 0) { (self.start, self.read, self.size) = (start, read, size) }

    /// - Throws: `CouchError` with code `invalid-input` where the sequence is no such place.
    init(_ sequence: UpdateSequence) throws {
        let parts = sequence.parameter.split(separator: "+", omittingEmptySubsequences: false)
        let numbers = parts.count == 2 ? parts[1].split(separator: "/", omittingEmptySubsequences: false) : []
        guard numbers.count == 2, let start = Int64(parts[0]), let read = Int(numbers[0]), let size = Int(numbers[1]),
            read >= 0, read <= size
        else {
            self.init(start: try VaultDatabase.row(of: sequence))
            return
        }
        self.init(start: start, read: read, of: size)
    }

    /// Where to go on in the window. One of another size is not the one that was read, and is read from its beginning.
    func index(in size: Int) -> Int { size == self.size ? read : 0 }

    var sequence: UpdateSequence {
        UpdateSequence(size == 0 ? .integer(start) : .string("\(start)+\(read)/\(size)"))
    }
}
