import ArgumentParser
import Foundation
import Service
import Supervision
import Vault

/// `couchkeep vault rebuild`
struct VaultRebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make a lost or damaged catalogue of the vault anew.",
        discussion: """
            The catalogue says which backups there are, and each backup's file says the same of itself; from these it is \
            made anew. A sound catalogue stays. What only the catalogue knew is lost: that a backup's file was put back to \
            an older state since, is no longer noticed.

            A damaged catalogue is kept beside the new one. A backup that can't be read is named and left out; exit code 15 \
            then.
            """)

    @OptionGroup var options: VaultOptions

    func run() async throws {
        let path = try options.path()
        let rebuilt = try await Vault.rebuild(at: path, now: Date())
        guard !rebuilt.wasSound else { return Console.out("The catalogue of \(path) is sound; nothing was done.") }
        if let former = rebuilt.former { Console.error("the damaged catalogue is \(former) now") }
        var skipped = SkippedBackups()
        for (folder, error) in rebuilt.left { skipped.note(folder, error) }
        let names = rebuilt.names.joined(separator: ", ")
        Console.out("The catalogue of \(path) has \(Wording.counted(rebuilt.names.count, "backup")) again: \(names)")
        Console.out("Run couchkeep vault check to see whether they are sound.")
        try CommandEnd.end(skipped.code)
    }
}
