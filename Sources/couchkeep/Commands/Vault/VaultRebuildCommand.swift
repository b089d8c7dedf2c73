import ArgumentParser
import CouchDB
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

            A file that is older than a sound catalogue, such as one that was put back from a copy, is refused by all commands, \
            and named here. With --accept-older the catalogue takes it as it is: what came later in it is lost then.

            A backup whose folder is gone keeps its place in a sound catalogue, since it may come back, and no other backup \
            is made under its name by hand. With --forget NAME it is given up. A folder that comes back is taken in again, or \
            named where another backup has its name by now; it is never removed.

            A damaged catalogue is kept beside the new one. A backup that can't be read is named and left out; exit code 15 \
            then.
            """)

    @OptionGroup var options: VaultOptions
    @Flag(help: "Take files of backups that are older than the catalogue as they are.") var acceptOlder = false
    @Option(
        help: ArgumentHelp(
            "Give up a backup whose folder is gone, so that the next backup begins anew.", valueName: "name"),
        transform: BackupName.plain)
    var forget: String?

    func validate() throws { try BackupName.expectNoURL(forget) }

    func run() async throws {
        let path = try options.path()
        let rebuilt = try await Vault.rebuild(at: path, acceptsOlder: acceptOlder, forgetting: forget, now: Date())
        guard !rebuilt.wasSound else { return try tellSound(rebuilt, path) }
        if let former = rebuilt.former { Console.error("the damaged catalogue is \(former) now") }
        var skipped = SkippedBackups()
        for (folder, error) in rebuilt.left { skipped.note(folder, error) }
        for folder in rebuilt.unused {
            Console.error("\(folder) was begun, and no backup came of it; it can be removed")
        }
        let names = rebuilt.names.joined(separator: ", ")
        Console.out("The catalogue of \(path) has \(Wording.counted(rebuilt.names.count, "backup")) again: \(names)")
        Console.out("Run couchkeep vault check to see whether they are sound.")
        try CommandEnd.end(skipped.code)
    }

    /// Says what a sound catalogue and the files differ in.
    private func tellSound(_ rebuilt: RebuiltCatalogue, _ path: String) throws {
        var skipped = SkippedBackups()
        if let forget, !rebuilt.found.contains(forget) {
            Console.out("\(forget): given up; the next backup begins anew.")
        }
        for name in rebuilt.found { Console.out("\(name): the catalogue has it again.") }
        for (folder, error) in rebuilt.left { skipped.note(folder, error) }
        for (name, catalogue, file) in rebuilt.older {
            let what =
                "\(name): the catalogue knew of moment #\(catalogue); "
                + (file == 0 ? "the file has none" : "the file's newest is #\(file)")
            if acceptOlder {
                Console.out("\(what), and is taken as it is.")
            } else {
                Console.error(
                    "\(what); put the newer file back from a copy, or say --accept-older to go on with this one")
            }
        }
        if rebuilt.older.isEmpty, rebuilt.found.isEmpty, forget == nil {
            Console.out("The catalogue of \(path) is sound; nothing was done.")
        }
        try CommandEnd.end(rebuilt.older.isEmpty || acceptOlder ? skipped.code : .damaged)
    }
}
