import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep vault diff`
struct VaultDiffCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/vault-diff/1"
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Name the documents that differ between two moments of a backup.",
        discussion: "  couchkeep vault diff orders '#3' '#7'\n  couchkeep vault diff orders 24h now")

    @Argument(help: "The backup.", transform: BackupName.plain) var name: String
    @Argument(help: "The earlier moment: a time or a number such as #3.") var from: String
    @Argument(help: "The later moment.") var to: String
    @OptionGroup var options: VaultOptions
    @Flag(help: "Print one JSON object a line, schema couchkeep/vault-diff/1.") var json = false

    var subject: String? { name }

    func validate() throws { try BackupName.expectNoURL(name) }

    struct Line: Encodable {
        var schema = VaultDiffCommand.schema
        var id: String
        var kind: String
        var before: [String]
        var after: [String]
    }

    func run() async throws {
        try await options.withBackup(name) { backup in
            try backup.expectReadable()
            let (first, second) = (try await held(from, of: backup), try await held(to, of: backup))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var count = 0
            try await backup.differences(from: first.moment, to: second.moment) { difference in
                count += 1
                guard !json else {
                    let line = Line(
                        id: difference.id.text, kind: difference.kind.rawValue,
                        before: difference.before.map(\.description), after: difference.after.map(\.description))
                    return Console.out(String(decoding: try encoder.encode(line), as: UTF8.self))
                }
                Console.out("\(difference.kind.rawValue)\t\(LineText.escaped(difference.id.text))")
            }
            Console.error(
                "\(Wording.differing(count)) between moment #\(first.moment.number) and "
                    + "moment #\(second.moment.number)")
            // What a moment has lost is no difference between them.
            for past in [first, second] {
                guard let loss = try await past.state.lossOfLeaves() else { continue }
                Console.error("\(name): \(loss)")
                throw CommandEnd(code: .damaged)
            }
        }
    }

    /// The moment that a text names, and its state, which keeps it from being pruned.
    private func held(_ text: String, of backup: VaultDatabase) async throws -> (moment: Moment, state: VaultDatabase) {
        let state = try await MomentOptions.moment(text, of: backup)
        guard let moment = state.moment else { preconditionFailure("a backup as of a moment has one") }
        try await state.hold()
        return (moment, state)
    }
}
