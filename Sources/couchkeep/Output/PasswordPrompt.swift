import ArgumentParser
import Foundation
import Secrets

/// Asks for a password at the terminal, without showing it.
enum PasswordPrompt {
    /// - Throws: `ValidationError` where there is no terminal to ask at.
    static func ask(_ prompt: String) throws -> Secret {
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw ValidationError("a password is needed and there is no terminal to ask at; use a password file option")
        }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) }
        FileHandle.standardError.write(Data(prompt.utf8))
        let line = readLine(strippingNewline: true) ?? ""
        FileHandle.standardError.write(Data("\n".utf8))
        return Secret(line)
    }
}
