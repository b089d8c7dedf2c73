/// Why bytes could not be read as the JSON that was expected.
enum JSONFault: Error {
    /// The bytes end before the value does: more of them may complete it.
    case incomplete
    /// The bytes are not what was expected, at this offset.
    case malformed(at: Int, String)
}
