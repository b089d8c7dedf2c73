/// A text that must not be seen: a password, a token, a URL that carries one.
///
/// It prints, interpolates, reflects and dumps as `•••`. The only way to the text is ``reveal()``, so every use of it
/// can be found by name. It is not `Codable`, and so can't slip into a JSON answer.
public struct Secret: Sendable, Hashable {
    private let text: String

    /// Wraps a text.
    public init(_ text: String) {
        self.text = text
    }

    /// Returns the text, for the one place that sends it to a server.
    public func reveal() -> String { text }

    /// Whether there is no text at all.
    public var isEmpty: Bool { text.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What every secret prints as.
    public static let mask = "•••"

    /// The mask, never the text.
    public var description: String { Self.mask }

    /// The mask, never the text.
    public var debugDescription: String { Self.mask }

    /// A mirror without children, so that `dump` and string reflection show nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
