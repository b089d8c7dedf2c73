import CCurl
import Foundation
import Secrets
import Synchronization

/// One mail over SMTP with libcurl.
///
/// It blocks: run it on a thread of its own.
///
/// Certificates are always verified; no setting turns that off.
struct SMTPTransfer: Sendable {
    let settings: EmailSettings
    let mail: [UInt8]

    /// Sends the mail; ends with `CURLE_ABORTED_BY_CALLBACK` soon after the flag is raised.
    func run(until cancelled: CancellationFlag) -> (code: CURLcode, transcript: SMTPTranscript) {
        let state = SMTPTransferState(mail: mail, cancelled: cancelled)
        guard Self.isInitialized, let handle = ccurl_easy_init() else { return (CURLE_FAILED_INIT, state.transcript) }
        defer { ccurl_easy_cleanup(handle) }
        var recipients: UnsafeMutablePointer<curl_slist>?
        defer { ccurl_slist_free_all(recipients) }
        for recipient in settings.to {
            guard let longer = ccurl_slist_append(recipients, "<\(recipient.address)>") else {
                return (CURLE_OUT_OF_MEMORY, state.transcript)
            }
            recipients = longer
        }
        return withExtendedLifetime(state) {
            let code = configure(handle, recipients: recipients, state: state)
            return (code == CURLE_OK ? ccurl_easy_perform(handle) : code, state.transcript)
        }
    }

    /// Done once in the process, before the first transfer.
    private static let isInitialized = ccurl_global_init() == CURLE_OK

    /// Why there is no libcurl to send with; nil where there is one.
    static var missingLibrary: String? { isInitialized ? nil : ccurl_load_error().map { String(cString: $0) } }

    private var url: String {
        let scheme = settings.security == .implicitTLS ? "smtps" : "smtp"
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        return "\(scheme)://\(host):\(settings.effectivePort)"
    }

    private func configure(
        _ handle: UnsafeMutableRawPointer, recipients: UnsafeMutablePointer<curl_slist>?, state: SMTPTransferState
    ) -> CURLcode {
        let context = Unmanaged.passUnretained(state).toOpaque()
        let settings = settings
        var steps: [() -> CURLcode] = [
            { ccurl_set_text(handle, CURLOPT_URL, url) },
            { ccurl_allow_smtp_only(handle) },
            // Signals would hit the whole process.
            { ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1) },
            // A proxy from the environment is for the web, not for mail.
            { ccurl_set_text(handle, CURLOPT_PROXY, "") },
            { ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(settings.connectTimeout.inSeconds * 1000)) },
            { ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(settings.timeout.inSeconds * 1000)) },
            { ccurl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1) },
            { ccurl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2) },
            { ccurl_require_tls_1_2(handle) },
            { ccurl_set_text(handle, CURLOPT_MAIL_FROM, "<\(settings.from.address)>") },
            { ccurl_set_list(handle, CURLOPT_MAIL_RCPT, recipients) },
            { ccurl_allow_refused_recipients(handle) },
            { ccurl_set_upload(handle, SMTPTransferState.read, context, curl_off_t(state.mail.count)) },
            { ccurl_set_progress(handle, SMTPTransferState.progress, context) },
            { ccurl_set_trace(handle, SMTPTransferState.trace, context) },
        ]
        if settings.security == .startTLS { steps.append { ccurl_require_starttls(handle) } }
        if let caFile = settings.caFile {
            steps.append { ccurl_set_text(handle, CURLOPT_CAINFO, caFile) }
            // Otherwise the system's folder of authorities would be trusted as well.
            steps.append { ccurl_set_text(handle, CURLOPT_CAPATH, nil) }
        }
        if let user = settings.user, let password = settings.password {
            steps.append { ccurl_set_text(handle, CURLOPT_USERNAME, user) }
            steps.append { ccurl_set_text(handle, CURLOPT_PASSWORD, password.reveal()) }
        }
        for step in steps {
            let code = step()
            if code != CURLE_OK { return code }
        }
        return CURLE_OK
    }
}
