extension EmailConfiguration {
    init?(reading reader: SectionReader) {
        let server = reader.require("smtp", .hostAndPort)
        let tls = Self.tls(reading: reader, port: server?.port)
        let user = reader.read("user", .text)
        let password = reader.secret("password")
        if reader.has("user") != reader.hasSecret("password") {
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
