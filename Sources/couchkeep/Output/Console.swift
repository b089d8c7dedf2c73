import CouchDB
import Foundation

/// Standard output for data, standard error for people.
///
/// All that is printed goes through here, so that no password of a URL is repeated that somebody has typed in a wrong place.
enum Console {
    private static let filter = CredentialFilter(words: CommandLine.arguments.dropFirst())

    /// Writes to standard output.
    static func out(_ text: String) { write(filter.withoutKnown(text), to: .standardOutput) }

    /// Writes to standard output, without adding a line end.
    static func raw(_ text: String) { writeAsIs(filter.withoutKnown(text), to: .standardOutput) }

    /// Writes a line to standard error.
    static func error(_ text: String) { write(shown(text), to: .standardError) }

    /// Writes to standard error as it is, for what is rewritten or answered in its line; nobody needs to read it.
    static func tell(_ text: String) { FileHandle.standardError.write(Data(shown(text).utf8)) }

    /// The text of an error as it may be shown.
    static func shown(_ text: String) -> String { filter.filtered(text) }

    private static func write(_ text: String, to handle: FileHandle) {
        writeAsIs(text.hasSuffix("\n") || text.isEmpty ? text : text + "\n", to: handle)
    }

    private static func writeAsIs(_ text: String, to handle: FileHandle) {
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            // Nobody reads any more, such as `| head`: there is nobody to tell.
            exit(1)
        }
    }
}
