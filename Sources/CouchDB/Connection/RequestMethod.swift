/// An HTTP method that CouchDB knows.
public enum RequestMethod: String, Sendable, Hashable, CustomStringConvertible {
    /// Reads.
    case get = "GET"
    /// Reads the head alone.
    case head = "HEAD"
    /// Writes, or reads with arguments in the body.
    case post = "POST"
    /// Writes one thing.
    case put = "PUT"
    /// Deletes one thing.
    case delete = "DELETE"

    /// The word that is sent.
    public var description: String { rawValue }
}
