import CouchDB
import Foundation
import HTTPTypes

/// An answer before it is sent.
struct ServedResponse: Sendable {
    enum Body: Sendable {
        case bytes(Data)
        /// Pieces that are sent as they are made; where making them fails, the connection is closed, so that the client
        /// can't take what it got for the whole.
        case stream(length: Int?, @Sendable (inout BodyOutput) async throws -> Void)
    }

    var status: Int
    var headers: HTTPFields
    var body: Body

    init(_ status: Int = 200, contentType: String = "application/json", body: Body) {
        self.status = status
        self.body = body
        headers = [.contentType: contentType, .cacheControl: "must-revalidate"]
    }

    /// JSON, with the newline that CouchDB puts behind it.
    static func json(_ json: JSONValue, status: Int = 200) -> ServedResponse {
        self.json(bytes: json.serialized(), status: status)
    }

    static func json(bytes: Data, status: Int = 200) -> ServedResponse {
        ServedResponse(status, body: .bytes(bytes + Data("\n".utf8)))
    }

    static func stream(
        contentType: String = "application/json", _ produce: @escaping @Sendable (inout BodyOutput) async throws -> Void
    ) -> ServedResponse {
        ServedResponse(contentType: contentType, body: .stream(length: nil, produce))
    }

    /// Says no more than what is in its head.
    static var noContent: ServedResponse {
        var response = ServedResponse(204, body: .bytes(Data()))
        response.headers = [:]
        return response
    }

    func with(_ name: HTTPField.Name, _ value: String) -> ServedResponse {
        var response = self
        response.headers[name] = value
        return response
    }

    func with(tag: String?) -> ServedResponse { tag.map { with(.eTag, $0) } ?? self }
}
