/// Holds the session cookie of one connection and renews it, one login at a time.
actor CookieSession {
    private var state = SessionState()
    private let turn = ConcurrencyLimit(1)
    private let now: @Sendable () -> ContinuousClock.Instant
    private let logIn: @Sendable () async throws -> SessionCookie

    /// - Parameter logIn: sends `POST /_session`.
    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        logIn: @escaping @Sendable () async throws -> SessionCookie
    ) {
        self.now = now
        self.logIn = logIn
    }

    /// Returns a cookie that has some time left, logging in where there is none.
    ///
    /// - Parameter rejected: a cookie that the server answered with 401, so that another one is needed.
    func cookie(insteadOf rejected: SessionCookie? = nil) async throws -> SessionCookie {
        if let cookie = state.usable(now: now(), rejected: rejected) { return cookie }
        let loginsBefore = state.logins
        return try await turn.run {
            switch state.step(now: now(), rejected: rejected, loginsBefore: loginsBefore) {
            case .use(let cookie): return cookie
            case .fail(let error): throw error
            case .logIn:
                do {
                    let cookie = try await logIn()
                    state.loggedIn(cookie, now: now())
                    return cookie
                } catch let error as CouchError {
                    // A cancelled login is no outcome for the others: the next one in turn logs in.
                    state.loginFailed(error)
                    throw error
                }
            }
        }
    }
}
