import Foundation
import NIOPosix

/// A question to the person at the terminal.
enum Question {
    /// Asks, and takes nothing but `yes` for a yes; without a terminal the answer is no.
    static func isAnsweredWithYes(_ text: String) async throws -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Console.tell("\(text) Type yes: ")
        return try await NIOThreadPool.singleton.runIfActive { readLine() } == "yes"
    }
}
