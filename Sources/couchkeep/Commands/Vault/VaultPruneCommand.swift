import ArgumentParser
import CouchDB
import Foundation
import Service
import Supervision
import Vault

/// `couchkeep vault prune`: drop old moments by rules.
struct VaultPruneCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/vault-prune/1"
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Drop moments that no rule keeps, and give their space back.",
        discussion: """
            A moment is kept where any rule asks for it. The newest moment, the newest complete one, the last verified one \
            and the last of which the content was proved, by a drill or at level bodies, are always kept, and one that is just \
            being read. Without --confirm the plan is shown and nothing is done.

              couchkeep vault prune orders --within 7d --daily 30 --monthly 12
              couchkeep vault prune orders --within 7d --daily 30 --monthly 12 --confirm
              couchkeep vault prune --confirm         all backups, by the rules under vault.keep in the configuration

            Without any rule, those of the configuration hold; without these nothing is done.
            """)

    @Argument(help: "The backup; all of them without it.", transform: BackupName.plain) var name: String?
    @OptionGroup var options: VaultOptions
    @Option(
        help: ArgumentHelp(
            "Keep all moments of this time, such as 7d, and the one that held when it began.", valueName: "duration"))
    var within: String?
    @Option(help: ArgumentHelp("Keep the newest ones.", valueName: "count")) var last: Int?
    @Option(help: ArgumentHelp("Keep the newest of each of the last hours.", valueName: "count")) var hourly: Int?
    @Option(help: ArgumentHelp("Keep the newest of each of the last days.", valueName: "count")) var daily: Int?
    @Option(help: ArgumentHelp("Keep the newest of each of the last weeks.", valueName: "count")) var weekly: Int?
    @Option(help: ArgumentHelp("Keep the newest of each of the last months.", valueName: "count")) var monthly: Int?
    @Option(help: ArgumentHelp("Keep the newest of each of the last years.", valueName: "count")) var yearly: Int?
    @Flag(help: "Do what the plan says.") var confirm = false
    @Flag(help: "Print one JSON object for each backup, schema couchkeep/vault-prune/1.") var json = false

    var subject: String? { name }

    func validate() throws { try BackupName.expectNoURL(name) }

    struct Result: Encodable {
        struct Decision: Encodable {
            var moment: MomentResult
            var isKept: Bool
            var reasons: [String]
        }

        var schema = VaultPruneCommand.schema
        var backup: String
        var isDone: Bool
        var decisions: [Decision]
        /// Moments that can't be read and are dropped; nil where there are none.
        var damagedMoments: [Int]?
        /// Rows that had been lost and are missed no more; nil where none.
        var goneRows: Int?
        var freedBytes: Int?
    }

    func run() async throws {
        let policy = try policy()
        if let name { return try await prune(name, policy) }
        var skipped = SkippedBackups()
        for name in try await options.open(needsKey: false).entries().map(\.name) {
            do {
                try await prune(name, policy)
            } catch let error as VaultError {
                skipped.note(name, error, as: json ? Self.schema : nil)
            }
        }
        try CommandEnd.end(skipped.code)
    }

    private func prune(_ name: String, _ policy: KeepPolicy) async throws {
        try await options.withBackup(name, isWriting: confirm, needsKey: false) { backup in
            let plan = try await backup.prunePlan(policy, now: Date())
            let result = confirm ? try await backup.prune(plan, isConfirmed: true) : nil
            if json {
                return try Console.json(
                    Result(
                        backup: name, isDone: confirm,
                        decisions: plan.decisions.map {
                            .init(
                                moment: MomentResult($0.moment), isKept: $0.isKept, reasons: $0.reasons.map(\.rawValue))
                        }, damagedMoments: plan.damaged.isEmpty ? nil : plan.damaged,
                        goneRows: result.flatMap { $0.goneRows > 0 ? $0.goneRows : nil }, freedBytes: result?.freedBytes
                    ))
            }
            if self.name == nil { Console.out("\(name):") }
            show(plan)
            if let result {
                if result.goneRows > 0 {
                    Console.error(
                        "\(name): \(Wording.counted(result.goneRows, "row")) of moments, epochs or attachments had been lost, and no kept moment "
                            + "lacks them: vault check tells of them no more")
                }
                Console.out(result.words(givenBack: ByteText.text(result.freedBytes)))
            } else if plan.isEmpty {
                Console.out("No moment to drop.")
            } else {
                Console.out(
                    "Nothing was done: \(Wording.counted(plan.droppedCount, "moment")) would be dropped. Say --confirm to do it."
                )
            }
        }
    }

    private func show(_ plan: PrunePlan) {
        var rows = [["MOMENT", "TIME", "DOCUMENTS", "", "REASON"]]
        for number in plan.damaged {
            rows.append(["#\(number)", "", "", "drop", "its row is damaged, and can't be read"])
        }
        for decision in plan.decisions {
            rows.append([
                "#\(decision.moment.number)", decision.moment.time.formatted(.iso8601), "\(decision.moment.documents)",
                decision.isKept ? "keep" : "drop",
                decision.isKept ? decision.reasons.map(\.rawValue).joined(separator: ", ") : "no rule keeps it",
            ])
        }
        Console.out(TextTable(rows).render())
    }

    private func policy() throws -> KeepPolicy {
        var policy = KeepPolicy(
            last: last, hourly: hourly, daily: daily, weekly: weekly, monthly: monthly, yearly: yearly)
        if let within {
            guard let duration = DurationText.parse(within) else {
                throw ValidationError("--within takes a number and a unit, such as 7d or 2w, not \"\(within)\"")
            }
            policy.within = duration / .seconds(1)
        }
        return policy.isEmpty ? try options.configuredKeep() ?? policy : policy
    }
}
