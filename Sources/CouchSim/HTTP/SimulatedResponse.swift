import HTTPTypes

/// An answer, before faults and the socket have their say.
struct SimulatedResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Pieces that come as they are made.
        case stream(@Sendable @concurrent (_ write: @concurrent ([UInt8]) async throws -> Void) async throws -> Void)
    }

    var status: Int
    var headers: HTTPFields
    var body: Body

    init(_ status: Int = 200, contentType: String = "application/json", body: Body) {
        self.status = status
        self.body = body
        headers = [.contentType: contentType]
    }

    /// JSON, with the newline that CouchDB puts behind it.
    static func json(_ json: OrderedJSON, status: Int = 200) -> SimulatedResponse {
        SimulatedResponse(status, body: .bytes(json.serialized + [UInt8(ascii: "\n")]))
    }

    static func failure(_ failure: CouchFailure) -> SimulatedResponse {
        var response = json(failure.json, status: failure.status)
        for (name, value) in failure.headers {
            guard let name = HTTPField.Name(name) else { continue }
            response.headers[name] = value
        }
        return response
    }

    static let ok: SimulatedResponse = .json(["ok": true])

    func with(_ name: HTTPField.Name, _ value: String) -> SimulatedResponse {
        var response = self
        response.headers[name] = value
        return response
    }
}
