/// The JSON form of what came to no end, in the schema of its command.
struct FailedResult: Encodable {
    var schema: String
    /// The backup, where it is about one.
    var backup: String?
    var result = "failed"
    /// The kind of error, stable.
    var code: String
    var reason: String
}
