/// A place in a text file, counted from 1; columns count Unicode scalars.
package struct FilePosition: Sendable, Hashable {
    package let line: Int
    package let column: Int

    package static let beforeStart = FilePosition(line: 0, column: 0)

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

extension FilePosition: Comparable, CustomStringConvertible {
    package static func < (left: FilePosition, right: FilePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }

    package var description: String { "\(line):\(column)" }
}
