import Foundation

/// An address of a mail, with the name of a person where there is one.
package struct MailAddress: Sendable, Hashable {
    package let name: String
    package let address: String

    /// Reads `ops@example.org` or `Operations <ops@example.org>`.
    ///
    /// - Throws: ``DeliveryError`` with code `invalid-settings`.
    package init(_ text: String) throws(DeliveryError) {
        let text = text.trimmingCharacters(in: .whitespaces)
        if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
            var name = text[..<open].trimmingCharacters(in: .whitespaces)
            if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") {
                name = String(name.dropFirst().dropLast())
            }
            self.name = name
            address = String(text[text.index(after: open)...].dropLast())
        } else {
            name = ""
            address = text
        }
        // The address goes into SMTP commands as it is: nothing that could end one may pass.
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isSafe = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"<>()[]\\,;:\"".utf8.contains($0) }
        guard isSafe, name.singleLine == name, parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            address.utf8.count <= 254
        else {
            throw DeliveryError(
                .invalidSettings, "\"\(text.excerpt(80))\" is not a mail address",
                hint: "write name@example.org or Name <name@example.org>, in ASCII")
        }
    }

    var domain: String { String(address.split(separator: "@").last ?? "localhost") }

    /// As it stands in `From` and `To`.
    var headerText: String {
        if name.isEmpty { return address }
        let isAtom = name.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || " -_".unicodeScalars.contains($0))
        }
        if isAtom { return "\(name) <\(address)>" }
        if name.utf8.allSatisfy({ $0 < 0x7f }) {
            let escaped = name.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
            return "\"\(escaped)\" <\(address)>"
        }
        return "\(EncodedWords.encode(name))\r\n <\(address)>"
    }
}
