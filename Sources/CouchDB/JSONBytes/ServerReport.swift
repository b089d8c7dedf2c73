/// The `error` and `reason` that a server reports inside of an answer that had begun well.
struct ServerReport {
    let error: String
    let reason: String?

    init(error: String, reason: String?) {
        self.error = error
        self.reason = reason
    }

    /// Reads an object; nil where it has no `error`.
    init?(reading cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        var error: String?
        var reason: String?
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "error", in: bytes) {
                error = try cursor.optionalText(in: bytes)
            } else if key.isEqual(to: "reason", in: bytes) {
                reason = try cursor.optionalText(in: bytes)
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
        guard let error else { return nil }
        self.init(error: error, reason: reason)
    }

    /// The error to throw for it.
    func error(in subject: String) -> CouchError {
        CouchError(
            .serverError, "\(subject) ends with an error of the server: \(error)\(reason.map { ", \($0)" } ?? "")",
            error: error, reason: reason)
    }
}
