/// What is known of the cookie session: decides whether to log in, without doing it.
///
/// Logins are serialised by ``CookieSession``. Who waited while another one logged in takes its outcome, good or bad: a
/// hundred requests with a wrong password must not become a hundred logins, which servers lock out.
struct SessionState: Sendable {
    /// What a caller who wants a cookie has to do.
    enum Step: Sendable {
        case use(SessionCookie)
        case fail(CouchError)
        case logIn
    }

    private var cookie: (value: SessionCookie, until: ContinuousClock.Instant)?
    private var failure: CouchError?
    /// How many logins have ended.
    private(set) var logins = 0

    /// The cookie that can be used now, unless it is the one that the server rejected.
    func usable(now: ContinuousClock.Instant, rejected: SessionCookie?) -> SessionCookie? {
        guard let cookie, now < cookie.until, cookie.value.value != rejected?.value else { return nil }
        return cookie.value
    }

    /// What to do once it is this caller's turn.
    ///
    /// - Parameter loginsBefore: the count of ended logins when the caller began to wait.
    func step(now: ContinuousClock.Instant, rejected: SessionCookie?, loginsBefore: Int) -> Step {
        if let cookie = usable(now: now, rejected: rejected) { return .use(cookie) }
        if logins > loginsBefore, let failure { return .fail(failure) }
        return .logIn
    }

    mutating func loggedIn(_ cookie: SessionCookie, now: ContinuousClock.Instant) {
        self.cookie = (cookie, now + cookie.lifetime)
        failure = nil
        logins += 1
    }

    mutating func loginFailed(_ error: CouchError) {
        cookie = nil
        failure = error
        logins += 1
    }
}
