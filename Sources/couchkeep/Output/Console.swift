import Foundation

/// Standard output for data, standard error for people.
enum Console {
    /// Writes to standard output.
    static func out(_ text: String) { write(text, to: .standardOutput) }

    /// Writes to standard output, without adding a line end.
    static func raw(_ text: String) { writeAsIs(text, to: .standardOutput) }

    /// Writes a line to standard error.
    static func error(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", to: .standardError) }

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
