/// What a document's `_attachments` says of one attachment.
public struct AttachmentMember: Sendable, Hashable {
    /// Where the content is.
    public enum Content: Sendable, Hashable {
        /// On the server only (`"stub":true`).
        case stub
        /// In a later part of the same multipart body (`"follows":true`).
        case follows
        /// In the document itself, as base64 in `data`.
        case inline
        /// Nowhere: neither of the three is said.
        case absent
    }

    /// The attachment's name.
    public var name: String
    /// The media type, where told.
    public var contentType: String?
    /// The digest of the stored bytes, such as `md5-…`, where told.
    public var digest: String?
    /// The number of bytes before compression, where told.
    public var length: Int?
    /// The compression that the server stores the bytes in, such as `gzip`; nil for none.
    public var encoding: String?
    /// The number of stored bytes, where they are compressed and where told.
    public var encodedLength: Int?
    /// The generation in which the attachment last changed, where told.
    public var generation: Int?
    /// Where the content is.
    public var content: Content

    /// The number of bytes of the attachment's part in a multipart body, where told.
    public var partLength: Int? { encoding == nil ? length : encodedLength ?? length }

    /// The number of bytes after decompression, where known: of what a client has uploaded compressed, CouchDB tells the
    /// compressed number twice.
    public var decodedLength: Int? { encoding == "gzip" && length == encodedLength ? nil : length }

    /// Describes an attachment.
    public init(
        name: String, contentType: String? = nil, digest: String? = nil, length: Int? = nil, encoding: String? = nil,
        encodedLength: Int? = nil, generation: Int? = nil, content: Content
    ) {
        self.name = name
        self.contentType = contentType
        self.digest = digest
        self.length = length
        self.encoding = encoding
        self.encodedLength = encodedLength
        self.generation = generation
        self.content = content
    }

    /// Reads the value that `_attachments` has for the name.
    init(name: String, reading cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        self.init(name: name, content: .absent)
        var flags: (stub: Bool, follows: Bool, data: Bool) = (false, false, false)
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "content_type", in: bytes) {
                contentType = try cursor.text(in: bytes)
            } else if key.isEqual(to: "digest", in: bytes) {
                digest = try cursor.text(in: bytes)
            } else if key.isEqual(to: "length", in: bytes) {
                length = try cursor.count(in: bytes)
            } else if key.isEqual(to: "encoding", in: bytes) {
                encoding = try cursor.text(in: bytes)
            } else if key.isEqual(to: "encoded_length", in: bytes) {
                encodedLength = try cursor.count(in: bytes)
            } else if key.isEqual(to: "revpos", in: bytes) {
                generation = try cursor.count(in: bytes)
            } else if key.isEqual(to: "stub", in: bytes) {
                flags.stub = try cursor.bool(in: bytes)
            } else if key.isEqual(to: "follows", in: bytes) {
                flags.follows = try cursor.bool(in: bytes)
            } else {
                flags.data = flags.data || key.isEqual(to: "data", in: bytes)
                _ = try cursor.skipValue(in: bytes)
            }
        }
        // The order in which CouchDB asks (couch_att:from_json).
        content = flags.stub ? .stub : flags.follows ? .follows : flags.data ? .inline : .absent
    }
}
