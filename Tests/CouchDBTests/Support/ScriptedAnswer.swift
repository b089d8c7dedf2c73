/// The bytes to answer with, and what becomes of the connection then.
struct ScriptedAnswer: Sendable {
    enum End: Sendable { case keepOpen, close }

    var pieces: [[UInt8]]
    var end: End
    /// Called behind each piece that the socket took.
    var afterPiece: @Sendable () -> Void = {}

    /// Exactly these bytes.
    static func raw(_ text: String..., end: End = .close) -> ScriptedAnswer {
        ScriptedAnswer(pieces: text.map { Array($0.utf8) }, end: end)
    }

    /// A head and one piece many times, each time written only when the socket takes it.
    static func repeated(
        _ head: String, _ piece: String, count: Int, afterPiece: @escaping @Sendable () -> Void
    ) -> ScriptedAnswer {
        let pieces = [Array(head.utf8)] + Array(repeating: Array(piece.utf8), count: count)
        return ScriptedAnswer(pieces: pieces, end: .keepOpen, afterPiece: afterPiece)
    }

    /// A whole answer.
    static func answer(
        _ status: Int, _ body: String, type: String = "application/json", headers: [String: String] = [:]
    ) -> ScriptedAnswer {
        let more = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        let head =
            "HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n"
        return .raw(head + body, end: .keepOpen)
    }

    /// A good answer.
    static func json(_ body: String) -> ScriptedAnswer { answer(200, body) }

    /// CouchDB's answer for something that is not there.
    static let missing = answer(404, #"{"error":"not_found","reason":"missing"}"#)

    /// CouchDB's answer for a database that is not there.
    static let noDatabase = answer(404, #"{"error":"not_found","reason":"Database does not exist."}"#)

    /// The greeting of a server of a version.
    static func greeting(_ version: String) -> ScriptedAnswer {
        let features = version.hasPrefix("1") || version.hasPrefix("2.0") ? "" : #","features":["scheduler"]"#
        return json(#"{"couchdb":"Welcome","version":"\#(version)","uuid":"u"\#(features)}"#)
    }
}
