import NIOCore

/// Tells addresses that only this machine reaches.
enum LoopbackAddress {
    /// Whether a host, as one binds to or as a `Host` header names it, is a loopback address.
    static func contains(_ host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        // Any other name is no address, and where it leads to is for others to decide.
        guard let address = try? SocketAddress(ipAddress: host, port: 0) else { return false }
        switch address {
        case .v4: return address.ipAddress?.hasPrefix("127.") ?? false
        case .v6: return address.ipAddress == "::1"
        case .unixDomainSocket: return false
        }
    }

    /// The host of a `Host` header, without its port and brackets.
    static func host(inHeader text: String) -> String {
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        return String(text.prefix { $0 != ":" })
    }
}
