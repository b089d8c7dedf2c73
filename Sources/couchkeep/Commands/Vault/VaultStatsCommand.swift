import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep vault stats`
struct VaultStatsCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/vault-stats/1"
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what a backup takes on disk, and what it holds.")

    @Argument(help: "The backup.", transform: BackupName.plain) var name: String
    @OptionGroup var options: VaultOptions
    @Flag(help: "Print one JSON object, schema couchkeep/vault-stats/1.") var json = false

    var subject: String? { name }

    func validate() throws { try BackupName.expectNoURL(name) }

    struct Result: Encodable {
        var schema = VaultStatsCommand.schema
        var backup: String
        var moments: Int
        var epochs: Int
        var leaves: Int
        var documents: Int
        var documentBytes: Int
        var storedDocumentBytes: Int
        var attachments: Int
        var attachmentBytes: Int
        var fileBytes: Int
    }

    func run() async throws {
        let statistics = try await options.withBackup(name, needsKey: false) { try await $0.statistics() }
        guard !json else {
            return try Console.json(
                Result(
                    backup: name, moments: statistics.moments, epochs: statistics.epochs, leaves: statistics.leaves,
                    documents: statistics.bodies, documentBytes: statistics.documentBytes,
                    storedDocumentBytes: statistics.storedDocumentBytes, attachments: statistics.attachments,
                    attachmentBytes: statistics.attachmentBytes, fileBytes: statistics.fileBytes))
        }
        let ratio = Double(statistics.storedDocumentBytes) / Double(max(1, statistics.documentBytes))
        Console.out(
            """
            \(name)
              moments      \(statistics.moments) in \(statistics.epochs) epoch\(statistics.epochs == 1 ? "" : "s")
              revisions    \(statistics.leaves), with \(statistics.bodies) different documents
              documents    \(ByteText.text(statistics.documentBytes)), stored in \
            \(ByteText.text(statistics.storedDocumentBytes)) (\(Int((ratio * 100).rounded())) %)
              attachments  \(statistics.attachments), \(ByteText.text(statistics.attachmentBytes))
              on disk      \(ByteText.text(statistics.fileBytes))
            """)
    }
}
