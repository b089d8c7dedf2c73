/// Why a drill is not begun.
package struct DrillError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// It would not fit into memory.
        case tooLarge = "drill-too-large"
    }

    package let code: Code
    package let what: String
    package let next: String

    init(_ code: Code, _ what: String, next: String) { (self.code, self.what, self.next) = (code, what, next) }

    package var description: String { "\(what) [\(code.rawValue)]; \(next)" }
}
