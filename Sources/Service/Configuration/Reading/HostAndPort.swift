/// The address of a mail server.
struct HostAndPort: Sendable, Equatable {
    let host: String
    let port: Int
}

extension ValueKind where Value == HostAndPort {
    static var hostAndPort: Self {
        ValueKind(
            expectation: "a server and a port such as smtp.example.org:587",
            parse: { text throws(InvalidValue) in
                guard let colon = text.lastIndex(of: ":") else { return nil }
                var host = String(text[..<colon])
                let digits = text[colon...].dropFirst()
                if host.hasPrefix("["), host.hasSuffix("]") {
                    host = String(host.dropFirst().dropLast())
                } else if host.contains(":") {
                    return nil
                }
                guard !host.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = Int(digits),
                    (1...65535).contains(port),
                    !host.unicodeScalars.contains(where: {
                        $0.properties.isWhitespace || "/@".unicodeScalars.contains($0)
                    })
                else { return nil }
                return HostAndPort(host: host, port: port)
            },
            text: { YAMLScalar.text($0.host.contains(":") ? "[\($0.host)]:\($0.port)" : "\($0.host):\($0.port)") })
    }
}
