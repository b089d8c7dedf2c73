/// The containers that enclose a position in a JSON text: one bit for each level, set for an object.
///
/// There is no limit but the size of the text. CouchDB 3.5.0 stores and serves a document of 3.9 million nested arrays,
/// and a document that the source holds must not stop a backup; a bit a level costs a sixteenth of its text at most.
struct JSONNesting {
    private var top: UInt64 = 0
    private var below: [UInt64] = []
    private(set) var depth = 0

    var isEmpty: Bool { depth == 0 }

    /// Whether the innermost container is an object; meaningless while there is none.
    var isInObject: Bool { top & 1 == 1 }

    mutating func push(isObject: Bool) {
        if depth & 63 == 0, depth > 0 {
            below.append(top)
            top = 0
        }
        top = top << 1 | (isObject ? 1 : 0)
        depth += 1
    }

    mutating func pop() {
        top >>= 1
        depth -= 1
        if depth & 63 == 0, depth > 0 { top = below.removeLast() }
    }
}
