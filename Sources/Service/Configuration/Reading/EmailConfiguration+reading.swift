extension EmailConfiguration {
    init?(reading reader: SectionReader) {
        let server = reader.require("smtp", .hostAndPort)
        let tls = Self.tls(reading: reader, port: server?.port)
        let user = reader.read("user", .text)
        let password = reader.secret("password")
        if (user == nil) != (password == nil) {
            reader.report.add(
                .missingKey, at: reader.position, "\(reader.path) has only one of user and password",
                nextStep: "give both, or none where the mail server asks for none")
        }
        if tls == EmailConfiguration.TLS.none, password != nil {
            reader.report.warn(
                .doubtful, at: reader.position(of: "tls"),
                "\(reader.path): the password goes over the network in the clear",
                nextStep: "use tls: starttls or tls: implicit")
        }
        let from = reader.require("from", .address)
        let recipients = reader.list("to", of: .address)
        if reader.value("to") == nil { reader.reportMissing("to") }
        if recipients?.isEmpty == true, reader.list("to")?.isEmpty == true {
            reader.report.add(
                .missingKey, at: reader.position(of: "to"), "\(reader.path(of: "to")) names nobody",
                nextStep: "write [ops@example.org]")
        }
        let caFile = reader.read("ca_file", .path(from: reader.report.folder))
        guard let server, let from, let recipients, !recipients.isEmpty else { return nil }
        self.init(
            host: server.host, port: server.port, tls: tls, user: user, password: password, from: from,
            to: recipients, caFile: caFile)
    }

    private static func tls(reading reader: SectionReader, port: Int?) -> TLS {
        reader.read("tls", .choice, default: defaultTLS(port: port ?? 587))
    }
}

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
