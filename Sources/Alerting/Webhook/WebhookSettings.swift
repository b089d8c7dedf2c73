import Secrets

/// Where messages are posted as JSON.
package struct WebhookSettings: Sendable, Hashable {
    package var name: String
    /// A secret as a whole: with most services, who knows the URL may post.
    package var url: Secret
    package var headers: [String: Secret]
    /// A PEM file with the only authorities to trust; nil: those of the system.
    package var caFile: String?
    package var timeout: Duration

    package init(
        name: String = "webhook", url: Secret, headers: [String: Secret] = [:], caFile: String? = nil,
        timeout: Duration = .seconds(30)
    ) {
        self.name = name
        self.url = url
        self.headers = headers
        self.caFile = caFile
        self.timeout = timeout
    }

    /// Headers that belong to the request itself.
    private static let reserved: Set<String> = [
        "connection", "content-length", "content-type", "host", "idempotency-key", "transfer-encoding",
    ]

    func validateHeaders() throws(DeliveryError) {
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            guard Self.isToken(name), !Self.reserved.contains(name.lowercased()) else {
                throw DeliveryError(
                    .invalidSettings, "\"\(name.excerpt(80))\" can't be a header of \(self.name)",
                    hint: "use letters, digits and hyphens; Couchkeep itself describes the content")
            }
            guard value.reveal().utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw DeliveryError(
                    .invalidSettings, "the value of the header \(name) holds a line end or control character",
                    hint: "look at the file or variable it is read from")
            }
        }
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
    }
}
