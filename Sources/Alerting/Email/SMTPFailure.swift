import CCurl

/// Turns the end of an SMTP transfer into an error with a next step; nil where all went well.
enum SMTPFailure {
    /// - Parameter isRest: Whether others got the mail before, so that it is a failure of these recipients alone.
    static func error(
        _ code: CURLcode, transcript: SMTPTranscript, settings: EmailSettings, redaction: Redaction,
        isRest: Bool = false
    ) -> DeliveryError? {
        let error =
            code == CURLE_OK || (isRest && transcript.isEveryRecipientRefused)
            ? partial(transcript)
            : refusal(transcript, settings) ?? missing(code, SMTPTransfer.missingLibrary) ?? transport(code, settings)
        guard var error else { return nil }
        error.message = redaction.apply(to: error.message)
        return error
    }

    /// The mail was taken, but not for everybody.
    private static func partial(_ transcript: SMTPTranscript) -> DeliveryError? {
        let refused = transcript.refusedRecipients
        guard !refused.isEmpty else { return nil }
        // Whoever has the mail must not get it again; who was refused for now gets it later.
        let rest = refused.filter(\.isForNow).compactMap(\.address)
        return DeliveryError(
            .recipientRefused, "the server refused a recipient: \(refused.map(words).joined(separator: "; "))",
            hint: rest.count == refused.count
                ? "the others got the mail; an alert is tried again for who refuses for now"
                : "the others got the mail; correct notify.email.to"
                    + (!rest.isEmpty ? "; an alert is tried again for who refuses for now" : ""),
            delivered: true, rest: rest.isEmpty ? nil : rest)
    }

    private static func refusal(_ transcript: SMTPTranscript, _ settings: EmailSettings) -> DeliveryError? {
        guard let refusal = transcript.lastRefusal else { return nil }
        let verb = refusal.command.prefix { $0 != " " }.uppercased()
        let answer = "\(settings.server) answered \(words(refusal))"
        return switch verb {
        case "AUTH":
            DeliveryError(
                .loginRefused, "the mail server refused the login: \(answer)", hint: "check user and password")
        case "MAIL":
            DeliveryError(
                .senderRefused, "the mail server refused the sender: \(answer)",
                hint: "check notify.email.from, and whether the server wants a login")
        case "RCPT":
            DeliveryError(
                .recipientRefused, "the mail server refused every recipient: \(answer)", hint: "check notify.email.to")
        case "DATA", "THE":
            DeliveryError(.messageRejected, "the mail server refused the mail: \(answer)")
        case "STARTTLS":
            DeliveryError(.tlsNotOffered, "the mail server can't start TLS: \(answer)", hint: "try tls: implicit")
        default:
            DeliveryError(.rejected, "the mail server refuses to talk: \(answer)")
        }
    }

    /// The failure where libcurl is not there.
    static func missing(_ code: CURLcode, _ reason: String?) -> DeliveryError? {
        guard code == CURLE_FAILED_INIT, let reason else { return nil }
        return DeliveryError(
            .libraryMissing, "mail is sent with libcurl, which can't be opened: \(reason)",
            hint: "install libcurl (Debian and Ubuntu: libcurl4), or be told by webhook or command")
    }

    private static func transport(_ code: CURLcode, _ settings: EmailSettings) -> DeliveryError {
        let server = settings.server
        return switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            DeliveryError(
                .nameNotResolved, "the name \(settings.host) could not be resolved", hint: "check the name and DNS")
        case CURLE_COULDNT_CONNECT:
            DeliveryError(
                .unreachable, "nothing answers at \(server)", hint: "check host and port, and any firewall between")
        case CURLE_OPERATION_TIMEDOUT:
            DeliveryError(
                .timeout, "\(server) did not finish within \(Int(settings.timeout.inSeconds)) s",
                hint: "check smtp and tls: a port for TLS from the start (tls: implicit) does not greet in plain text")
        case CURLE_PEER_FAILED_VERIFICATION:
            DeliveryError(
                .certificateNotTrusted, "the certificate of \(server) is not trusted",
                hint: settings.caFile.map { "check that \($0) holds the authority that signed it" }
                    ?? "set ca_file to the authority that signed it, or use the name in the certificate")
        case CURLE_SSL_CACERT_BADFILE:
            DeliveryError(
                .invalidSettings, "the CA file \(settings.caFile ?? "of the system") can't be read",
                hint: "it must be a PEM file that Couchkeep may read")
        case CURLE_USE_SSL_FAILED:
            DeliveryError(
                .tlsNotOffered, "\(server) does not offer STARTTLS",
                hint: "use tls: implicit if it speaks TLS from the start; tls: none only if you trust the network")
        case CURLE_SSL_CONNECT_ERROR:
            DeliveryError(
                .tls, "the TLS handshake with \(server) failed",
                hint: "check the port, and tls (starttls, or implicit as on port 465)")
        case CURLE_LOGIN_DENIED:
            DeliveryError(.loginRefused, "\(server) refused the login", hint: "check user and password")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_GOT_NOTHING:
            DeliveryError(
                .unexpectedAnswer, "\(server) does not answer like a mail server", hint: "check host and port")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR:
            DeliveryError(.unreachable, "the connection to \(server) was cut")
        default:
            DeliveryError(
                .unexpected, "sending through \(server) failed: \(String(cString: ccurl_easy_strerror(code)))")
        }
    }

    private static func words(_ exchange: SMTPTranscript.Exchange) -> String {
        "\(exchange.code) \(exchange.text) (to \(exchange.command))"
    }
}
