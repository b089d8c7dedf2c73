/// The web pages that may read from a server in a browser, by their origins (`[cors] origins` of CouchDB).
package enum AllowedOrigins: Sendable, Hashable {
    /// No page: browsers keep the answers from all of them.
    case none
    /// All pages, whoever made them.
    case any
    /// The pages of these origins, written as browsers send them.
    case listed(Set<String>)

    /// Reads origins such as `https://app.example.org`; `*` alone is any.
    ///
    /// - Throws: ``BindingError`` where a text is no origin, or none that can be allowed.
    package init(_ texts: [String]) throws(BindingError) {
        if texts.contains("*") {
            guard texts.allSatisfy({ $0 == "*" }) else {
                throw Self.unusable("“*” is any origin already: give it alone, or the others without it")
            }
            self = .any
            return
        }
        var origins: Set<String> = []
        for text in texts { origins.insert(try Self.origin(text)) }
        self = origins.isEmpty ? .none : .listed(origins)
    }

    /// Whether pages may read whose browser sends this origin.
    func contains(_ origin: String) -> Bool {
        switch self {
        case .none: false
        case .any: true
        case .listed(let origins): origins.contains(origin)
        }
    }

    /// An origin as browsers send it: in small letters, without the port that its scheme has anyway. They compare it letter by
    /// letter, and so does CouchDB (`chttpd_cors:handle_headers`).
    private static func origin(_ text: String) throws(BindingError) -> String {
        let form = #/([a-z][a-z0-9+.\-]*)://([a-z0-9._\-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/#
        let lowercased = text.lowercased()
        guard lowercased != "null" else {
            throw unusable(
                "“null” is sent for files and sandboxed frames, of whoever made them: serve the page from an address, and "
                    + "give its origin")
        }
        guard let parts = lowercased.wholeMatch(of: form)?.output else { throw noOrigin(text) }
        let origin = "\(parts.1)://\(parts.2)"
        guard let digits = parts.3 else { return origin }
        guard let port = Int(digits), (1...65535).contains(port) else { throw noOrigin(text) }
        let implied: Int? =
            switch parts.1 {
            case "https": 443
            case "http": 80
            default: nil
            }
        return port == implied ? origin : "\(origin):\(port)"
    }

    private static func noOrigin(_ text: String) -> BindingError {
        unusable(
            "“\(text)” is no origin of web pages: that is a scheme, a host (beyond ASCII as xn--…) and maybe a port, "
                + "without a path, such as https://app.example.org or http://localhost:3000, or '*' in quotes for any")
    }

    private static func unusable(_ description: String) -> BindingError {
        BindingError(code: .unusableOrigin, description: description)
    }
}
