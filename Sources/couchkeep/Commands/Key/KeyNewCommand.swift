import ArgumentParser
import Foundation
import Service
import Vault

/// `couchkeep key new`
struct KeyNewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a key for encrypted backups.",
        discussion: """
            The key is one line in FILE, which only its owner can read. New backups are encrypted with it where it is given.

              couchkeep key new orders.key
              couchkeep backup http://couch:5984/orders --key-file orders.key

            With --write-only there are two: FILE holds the private key, which reads and writes, and FILE.write the write \
            key, with which a machine can back up and read nothing of what it or others wrote.
            """)

    @Argument(help: ArgumentHelp("The new file.", valueName: "file")) var file: String
    @Flag(help: "Make a pair of keys: a private one that restores, and one that only backs up.") var writeOnly = false

    func run() async throws {
        let key = try VaultKey.make(isWriteOnly: writeOnly)
        guard let writeKey = try key.writeKey else {
            try KeyFile(path: file).write(key)
            Console.out("\(file): the key \(key.id), which backs up and restores.")
            return Console.error("Keep a copy of it in another place: without it nothing can be restored.")
        }
        let other = KeyFile(path: "\(file).write")
        // Both or none.
        guard !other.exists else { return try other.write(writeKey) }
        try KeyFile(path: file).write(key)
        do {
            try other.write(writeKey)
        } catch {
            unlink(file)
            throw error
        }
        Console.out(
            """
            \(file): the private key \(key.id), which restores.
            \(other.path): its write key, which only backs up.
            """)
        Console.error(
            """
            Give \(other.path) to the machine that backs up, and keep \(file) away from it, with a copy in another \
            place: without it nothing can be restored.
            """)
    }
}
