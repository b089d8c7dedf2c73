/// An attachment as it arrives.
public struct AttachmentAnswer: Sendable {
    /// The media type that was given when it was stored.
    public var contentType: String?
    /// The number of bytes, where the server tells it.
    public var length: Int?
    /// The digest, such as `md5-…`, where the server tells it.
    public var digest: String?
    /// The bytes, not compressed.
    public var body: ByteStream
}
