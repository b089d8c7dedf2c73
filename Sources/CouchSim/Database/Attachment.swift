import Crypto
import Foundation

/// One attachment of a revision, with its bytes.
///
/// CouchDB keeps texts compressed and digests what it keeps; here bytes are kept, and digested, as they came.
struct Attachment: Sendable, Hashable {
    var name: String
    var contentType: String
    /// The generation in which it came.
    var revisionPosition: Int
    var data: [UInt8]
    let md5: [UInt8]

    init(name: String, contentType: String, revisionPosition: Int, data: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.revisionPosition = revisionPosition
        self.data = data
        md5 = Array(Insecure.MD5.hash(data: data))
    }

    /// The digest as it stands in `_attachments`.
    var digest: String { "md5-\(Data(md5).base64EncodedString())" }

    /// In which form an attachment stands in a document's `_attachments`.
    enum Form { case stub, inline, follows }

    func json(_ form: Form) -> OrderedJSON {
        var json: OrderedJSON = [
            "content_type": .string(contentType), "revpos": .integer(revisionPosition), "digest": .string(digest),
        ]
        switch form {
        case .inline:
            json.append("data", .string(Data(data).base64EncodedString()))
        case .stub, .follows:
            json.append("length", .integer(data.count))
            json.append(form == .stub ? "stub" : "follows", true)
        }
        return json
    }
}
