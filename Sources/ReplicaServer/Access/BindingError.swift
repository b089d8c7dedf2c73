/// Why a server is not started.
package struct BindingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable name of the reason.
    package enum Code: String, Sendable, Hashable {
        /// The address can be reached from other machines, and nothing protects it.
        case unprotectedAddress = "unprotected-address"
        /// A token, user name or password is empty, or the user name can't be sent.
        case unusableCredentials = "unusable-credentials"
        /// A text is no origin of web pages, or none that can be allowed.
        case unusableOrigin = "unusable-origin"
        /// Web pages of any origin could read, and nothing protects it.
        case unprotectedOrigins = "unprotected-origins"
        /// The address or port can't be listened on.
        case unavailableAddress = "unavailable-address"
    }

    package var code: Code
    package var description: String
}
