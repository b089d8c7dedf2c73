import CouchDB
import Replication
import Service

/// What could not be copied, in words.
enum RefusalText {
    private static let shown = 20

    /// Names the first ones on standard error, and says how many more there are.
    ///
    /// - Parameter count: how many there are altogether.
    static func list(_ refusals: [Refusal], of count: Int, as verb: String, isJSON: Bool) {
        for refusal in refusals.prefix(shown) { Console.error("\(verb): \(text(refusal))") }
        let rest = count - min(shown, refusals.count)
        guard rest > 0 else { return }
        let hint =
            isJSON
            ? "" : refusals.count < count ? "; --json names the first \(refusals.count)" : "; --json names them all"
        Console.error("\(verb): and \(rest) more refused\(hint)")
    }

    static func text(_ refusal: Refusal) -> String {
        var text = "“\(LineText.escaped(refusal.id.text))” "
        if let revision = refusal.revision { text += "\(revision)" }
        return text + ": \(reason(refusal))"
    }

    /// CouchDB's word and text, and what the word means where that says little.
    static func reason(_ refusal: Refusal) -> String {
        let said = "\(refusal.error): \(refusal.reason)"
        return meaning[refusal.error].map { "\(said); \($0)" } ?? said
    }

    /// Of some refusals CouchDB tells no more than the word and the document's id (`chttpd:error_info/1`); `too-large` is Couchkeep's
    /// own for what a proxy says.
    private static let meaning = [
        "document_too_large": "the document is larger than the server's couchdb/max_document_size",
        "attachment_too_large": "the attachment is larger than the server's couchdb/max_attachment_size",
        "too_large": "it is larger than the server's chttpd/max_http_request_size",
        "too-large": "raise the largest request that the proxy takes (nginx: client_max_body_size)",
    ]
}
