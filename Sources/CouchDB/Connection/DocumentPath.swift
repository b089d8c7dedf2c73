/// The path segments of a document's id.
///
/// `_design/` and `_local/` keep their slash, as CouchDB writes them itself; every other slash belongs to the id and is
/// escaped when the path is written.
enum DocumentPath {
    /// Returns one segment, or two for a design or local document.
    ///
    /// - Throws: ``CouchError`` with code `invalid-input` for an empty id.
    static func segments(of id: String) throws -> [String] {
        guard !id.isEmpty else { throw CouchError(.invalidInput, "a document's id is empty") }
        for prefix in ["_design/", "_local/"] where id.hasPrefix(prefix) {
            let name = String(id.dropFirst(prefix.count))
            guard !name.isEmpty else { throw CouchError(.invalidInput, "the document id \(prefix) has no name") }
            return [String(prefix.dropLast()), name]
        }
        return [id]
    }
}
