import Foundation

/// Takes user names and passwords out of a text before it is shown, wherever a URL with them has got into it.
///
/// What a password may hold can't be told from the text around it. So the words of the command line are looked at first,
/// where a URL begins and ends with its word; elsewhere a URL goes as far as the next space.
public struct CredentialFilter: Sendable {
    /// What stands before the `@` of a URL among the words, the longest first, with its other spellings.
    private let known: [String]

    /// - Parameter words: the words of the command line.
    public init(words: some Sequence<String>) {
        let found = words.compactMap(Self.userInformation).filter { $0.contains(":") }
        known = Set(found.flatMap(Self.spellings)).sorted { $0.utf8.count > $1.utf8.count }
    }

    /// The text without the user information of each URL in it, for people.
    public func filtered(_ text: String) -> String { Self.withoutUserInformation(withoutKnown(text)) }

    /// The text without what the words of the command line name: for data, where a document may well name a URL.
    public func withoutKnown(_ text: String) -> String {
        guard !known.isEmpty else { return text }
        return known.reduce(text) { text, information in
            text.replacingOccurrences(of: "\(information)@", with: "")
                // The end may have been cut off.
                .replacingOccurrences(of: "/\(information)", with: "/…")
        }
    }

    /// Whether a word is a URL, or begins like one with a password in it.
    public static func isURL(_ word: String) -> Bool { word.contains("://") || userInformation(of: word) != nil }

    /// What stands before the last `@` of a word that is a URL: behind `//`, or from its beginning where it has no scheme.
    static func userInformation(of word: String) -> String? {
        guard let at = word.lastIndex(of: "@") else { return nil }
        if let scheme = word.firstRange(of: "://") {
            return scheme.upperBound <= at ? String(word[scheme.upperBound..<at]) : nil
        }
        if let scheme = word.firstRange(of: /(?:^|=)[Hh][Tt][Tt][Pp][Ss]?:\/*/) {
            return scheme.upperBound <= at ? String(word[scheme.upperBound..<at]) : nil
        }
        // A document's id may be `user:ann@example.org`: only what goes on like a server is one.
        let begin = word.prefixMatch(of: /--?[\w\-]+=/)?.range.upperBound ?? word.startIndex
        guard begin < at, word[begin..<at].contains(":"),
            word[word.index(after: at)...].prefixMatch(of: /(?:\[[0-9A-Fa-f:.]+\]|[\w.\-]+)(?::\d|\/)/) != nil
        else { return nil }
        return String(word[begin..<at])
    }

    private static func spellings(of information: String) -> [String] {
        let inJSON = JSONValue.string(information).serialized()
        return [
            information, information.removingPercentEncoding,
            String(decoding: inJSON.dropFirst().dropLast(), as: UTF8.self),
        ]
        .compactMap(\.self)
    }

    private static func withoutUserInformation(_ text: String) -> String {
        guard text.contains("@"), text.contains("://") else { return text }
        return text.replacing(/([A-Za-z][A-Za-z0-9+.\-]*:\/\/)\S*@/) { $0.output.1 }
    }
}
