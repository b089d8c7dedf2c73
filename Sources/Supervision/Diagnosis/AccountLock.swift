/// What to say of an account that CouchDB has locked, from 3.4 on: whether a password is right it does not look at then.
///
/// By default 5 wrong logins as one user from one address lock it for both, until 5 minutes after the first of them
/// (`couch_auth_lockout.erl`; `[chttpd_auth_lockout]` threshold and max_lifetime).
package enum AccountLock {
    /// Why it is locked.
    package static let reason = "somebody at this address uses a wrong password"
    /// When it is not locked any more.
    package static let end =
        "the lock ends by itself, by default 5 minutes after the first wrong login ([chttpd_auth_lockout])"
    /// What to do where nothing says whose password is wrong.
    package static let remedy =
        "find who logs in with a wrong password from the same address, often a replication document with an old one, or wait: "
        + end
}
