import CouchDB
import Replication

/// What could not be copied, in words.
package enum RefusalText {
    /// The document, its revision, and why.
    package static func text(_ refusal: Refusal) -> String {
        var text = "“\(LineText.escaped(refusal.id.text))” "
        if let revision = refusal.revision { text += "\(revision)" }
        return text + ": \(reason(refusal))"
    }

    /// CouchDB's word and text, and what the word means where that says little.
    package static func reason(_ refusal: Refusal) -> String {
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
