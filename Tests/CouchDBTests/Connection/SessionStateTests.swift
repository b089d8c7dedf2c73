import Secrets
import Testing

@testable import CouchDB

@Suite struct SessionStateTests {
    let start = ContinuousClock.now
    let failure = CouchError(.unauthorized, "no")

    private func cookie(_ value: String, _ seconds: Int = 600) throws -> SessionCookie {
        try #require(SessionCookie(header: "AuthSession=\(value); Max-Age=\(seconds)"))
    }

    @Test func logsInFirst() {
        guard case .logIn = SessionState().step(now: start, rejected: nil, loginsBefore: 0) else {
            Issue.record("no login")
            return
        }
    }

    @Test func usesTheCookieUntilItsTime() throws {
        var state = SessionState()
        let cookie = try cookie("a")
        state.loggedIn(cookie, now: start)
        #expect(state.usable(now: start + .seconds(549), rejected: nil) == cookie)
        #expect(state.usable(now: start + .seconds(550), rejected: nil) == nil)
    }

    @Test func replacesARejectedCookieOnce() throws {
        var state = SessionState()
        let (old, new) = (try cookie("a"), try cookie("b"))
        state.loggedIn(old, now: start)
        #expect(state.usable(now: start, rejected: old) == nil)
        state.loggedIn(new, now: start)
        #expect(state.usable(now: start, rejected: old) == new)
    }

    @Test func sharesAFailure() {
        var state = SessionState()
        state.loginFailed(failure)
        guard case .fail(let error) = state.step(now: start, rejected: nil, loginsBefore: 0) else {
            Issue.record("a caller who waited must fail too")
            return
        }
        #expect(error == failure)
        guard case .logIn = state.step(now: start, rejected: nil, loginsBefore: 1) else {
            Issue.record("a caller who came later must try")
            return
        }
    }

    @Test(arguments: [
        ("AuthSession=abc; Version=1; Path=/; HttpOnly", "abc", 550.0),
        ("AuthSession=abc; Max-Age=60; Path=/", "abc", 55.0),
        ("AuthSession=abc;max-age=1200", "abc", 1100.0),
        ("AuthSession=abc; Max-Age=x", "abc", 550.0),
    ])
    func readsTheCookie(header: String, value: String, seconds: Double) throws {
        let cookie = try #require(SessionCookie(header: header))
        #expect(cookie.value == Secret(value))
        #expect(cookie.lifetime == .seconds(seconds))
    }

    @Test(arguments: ["AuthSession=; Max-Age=0", "Other=1", "", "XAuthSession=a"])
    func passesOverOtherCookies(header: String) {
        #expect(SessionCookie(header: header) == nil)
    }
}
