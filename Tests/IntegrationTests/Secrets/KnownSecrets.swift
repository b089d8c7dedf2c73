import Foundation

/// Passwords and tokens that a test knows, and all the forms in which they could show.
struct KnownSecrets: Sendable {
    /// The secrets by where they are configured. Each holds what escaping changes: a percent sign, a slash, a letter that
    /// is no ASCII.
    let values: [String: String]

    init(_ places: String...) {
        values = Dictionary(
            uniqueKeysWithValues: places.enumerated().map { index, place in
                // A token is a word of a header.
                let odd = place.contains("token") ? "" : "%/ü"
                return (place, "s3cr3t\(index)\(odd)-\(UUID().uuidString.prefix(8).lowercased())")
            })
    }

    subscript(place: String) -> String { values[place] ?? "" }

    /// A secret as a part of a URL.
    func escaped(_ place: String) -> String {
        self[place].addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// The places whose secrets show in some bytes, with the form.
    func found(in data: Data) -> [String] {
        values.keys.sorted().flatMap { place in
            forms(of: place).filter { data.range(of: Data($0.value.utf8)) != nil }.map { "\(place) (\($0.key))" }
        }
    }

    private func forms(of place: String) -> [String: String] {
        let secret = self[place]
        let bytes = Data(secret.utf8)
        let lower = escaped(place).replacing(/%[0-9A-F]{2}/) { $0.output.lowercased() }
        return [
            "plain": secret, "percent-encoded": escaped(place), "percent-encoded, lower case": lower,
            // Its unmistakable part, whatever was done to the rest.
            "last part": String(secret.suffix(8)),
            "in JSON": secret.replacing("/", with: "\\/"),
            "Base64": Self.base64Core(of: bytes, after: 0),
            // Inside of `user:secret`, the letters depend on how many bytes stand before.
            "Base64, shifted by one": Self.base64Core(of: bytes, after: 1),
            "Base64, shifted by two": Self.base64Core(of: bytes, after: 2),
            "hexadecimal": bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
        ]
    }

    /// The letters that depend on the secret alone.
    private static func base64Core(of bytes: Data, after count: Int) -> String {
        let text = (Data(repeating: 0, count: count) + bytes).base64EncodedString().filter { $0 != "=" }
        return String(text.dropFirst(count == 0 ? 0 : count + 1).dropLast(2))
    }
}
