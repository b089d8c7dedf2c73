import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep repair`: copy exactly what the target lacks, and on request remove what only the target has.
struct RepairCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/repair/1"
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Copy exactly the revisions that a backup lacks, and look again.",
        discussion: """
            Verifies first, then copies the missing leaf revisions with their history and attachments, then asks the \
            target once more. What the target refuses is told with its reason. Nothing is removed: revisions that only \
            the target has are shown and stay.

              couchkeep repair orders --dry-run     a pair of the configuration, with its users and passwords
              couchkeep repair http://couch1:5984/orders http://couch2:5984/orders --user backup --dry-run

            Where a verification has named the holes, --verification copies those without comparing everything again:

              couchkeep repair orders --verification 12

            With --remove-extra they are shown, and removed after a yes: purged, as if they had never been. Don't do \
            that where the target is also replicated into the source.

            Nothing is removed from a pair's backup while the last check says that it may be the only copy: source-replaced, \
            source-rolled-back, mass-deletion or server-replaced. Nor is what is older than its source, nor anything while a node \
            of the source's cluster is away.

            Exit code 0 where both are equal, 3 where the target refused something, the verification came to no verdict, or so \
            many nodes of a cluster were away that not all may be visible or written to enough of them, 10 where they still \
            differ, 16 where nothing may be removed.
            """)

    @Argument(
        help: ArgumentHelp(
            "A pair's name; or the source (a database's URL, SERVER/DATABASE of the configuration or vault:NAME) and the "
                + "database to mend.",
            valueName: "pair-or-databases"))
    var words: [String]
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var moment: MomentOptions
    @Option(
        help: ArgumentHelp(
            "Mend what this verification of the pair has found, without comparing everything again.",
            valueName: "number"))
    var verification: Int?
    @Flag(name: .shortAndLong, help: "Show what would be done; change nothing.") var dryRun = false
    @Flag(help: "Also remove revisions that only the target has, after they were shown.") var removeExtra = false
    @Flag(
        help: """
            With two databases and --remove-extra: also remove what the source may have lost, since no checkpoint tells \
            whether it was set back, and what is older than the source.
            """) var removeUnexplained = false
    @Flag(help: "Answer yes to the question of --remove-extra.") var confirm = false
    @Flag(help: "Print one JSON object, schema couchkeep/repair/1.") var json = false

    func validate() throws {
        if removeUnexplained, !removeExtra || words.count != 2 {
            throw ValidationError("--remove-unexplained belongs to --remove-extra with two databases")
        }
        if confirm, !removeExtra { throw ValidationError("--confirm belongs to --remove-extra") }
        if json, removeExtra, !confirm, !dryRun {
            throw ValidationError(
                "with --json nobody is asked: say --dry-run to see what --remove-extra would do, or --confirm")
        }
        guard (1...2).contains(words.count) else {
            throw ValidationError("repair takes a pair's name, or two databases")
        }
        if words.count == 2, VaultPair.backup(of: words[1]) != nil {
            throw ValidationError(
                "a backup in the vault is mended as a pair of the configuration: couchkeep repair vault:NAME; without one, "
                    + "couchkeep backup copies what is new")
        }
        if verification != nil, words.count != 1 {
            throw ValidationError("--verification goes with a pair of the configuration, of which it is a verification")
        }
        if words.count == 1, words[0].contains("://") {
            throw ValidationError(
                "from where? Name the source and the database to mend, or a pair of the configuration")
        }
        if words.count == 2 { try login.expectNone(for: words[0], words[1]) }
        if words.count == 1, login.isGiven {
            throw ValidationError(
                "a pair's user and password are those of the configuration; leave --user, --password-file and --ca-file "
                    + "away, or name two databases")
        }
    }

    func run() async throws {
        let (code, hasChanged): (Service.ExitCode, Bool)
        if words.count == 1 {
            var desk = try VerificationDesk(vault.pairConfiguration())
            let line = ProgressLine()
            desk.onProgress = { line.show(VerifyRunCommand.words($1), isWaiting: $1.wait != nil) }
            (code, hasChanged) = try await desk.repairing(
                words[0], verification: verification, mending: !dryRun, removing: removeExtra && !dryRun
            ) { repair in
                line.end()
                return try await mend(
                    RepairBasis(repair.verification, repair.differences), repair.sides.source, repair.sides.target,
                    hold: repair.removalHold
                ) { try await repair.mend($0) }
            }
            if hasChanged, verification == nil { try await verifyAgain(desk) }
        } else {
            (code, _) = try await ReplicaArgument.withBoth(
                words[0], words[1], login: login, vault: vault, moment: moment
            ) {
                if removeExtra, !dryRun { try await SourceNodesAway.expectNone(of: $0.replica) }
                // What a backup has lost is not extra on the other side.
                if removeExtra, let backup = $0.replica as? VaultDatabase, let loss = try await backup.lossOfLeaves() {
                    throw VaultError(.damaged, loss, at: $0.name)
                }
                return try await mend($0.replica, $1.replica)
            }
        }
        try CommandEnd.end(code)
    }

    private func mend(
        _ source: any ComparableReplica, _ target: any ComparableReplica
    ) async throws -> (Service.ExitCode, hasChanged: Bool) {
        let line = ProgressLine()
        var verification = Verification(source, target)
        verification.onProgress = { line.show(VerifyRunCommand.words($0), isWaiting: $0.wait != nil) }
        var found: [Difference] = []
        let verified = try await verification.run { found.append($0) }
        line.end()
        return try await mend(RepairBasis(verified, found), source, target) {
            try await HoleRepair(source, target).run($0)
        }
    }

    /// - Parameters:
    ///   - hold: why nothing may be removed.
    ///   - copy: copies what is missing.
    /// - Returns: the exit code, and whether the target was changed.
    private func mend(
        _ basis: RepairBasis, _ source: any ComparableReplica, _ target: any ComparableReplica,
        hold: RemovalHold? = nil, copy: ([Difference]) async throws -> HoleRepair.Report
    ) async throws -> (Service.ExitCode, hasChanged: Bool) {
        let printer = RepairPrinter(isSilent: json)
        let (found, equal) = (basis.differences, basis.equal)
        let holes = found.filter { !$0.onlyInSource.isEmpty }
        let extra = found.filter { !$0.onlyInTarget.isEmpty }
        let text = RepairText(
            lacking: holes.count, extra: extra.count, removesExtra: removeExtra, canRemove: target is CouchReplica)
        printer.found(text, equal: equal, holes: holes, extra: extra, removesExtra: removeExtra)
        var result = RepairResult(
            isDryRun: dryRun, equal: equal, missing: holes.map(RepairResult.Document.init(missing:)),
            extra: extra.map(RepairResult.Document.init(extra:)))
        var code = Service.ExitCode.ok
        let awayBefore = try await AwayNodes.ask(source, target)
        if dryRun {
            let isRemoval = removeExtra && !extra.isEmpty
            let removed = isRemoval ? try await planRemoval(extra, of: source, hold, printer, &result) : 0
            printer.dryRun(text, holes, removed: target is CouchReplica ? removed : 0)
            code = found.isEmpty ? .ok : .different
        } else {
            code = told(try await copy(holes), printer, &result)
            if !extra.isEmpty {
                let end = try await remove(extra, source, target, printer, &result)
                if code == .ok { code = end }
            }
        }
        let away = AwayNodes.worse(
            awayBefore, try await AwayNodes.ask(source, target, repeating: ReplicationOptions()))
        let thinness = (result.copied ?? 0) > 0 ? away?.target?.thinness : nil
        // Nodes that are back by now may have what they hid from the comparison.
        if let why = away?.hiding ?? basis.hiding ?? thinness {
            result.nodesAway = why
            printer.incomplete(why)
            if code == .ok { code = .incomplete }
        }
        if let doubt = basis.doubt {
            result.doubt = doubt
            printer.doubtful(doubt)
            if code == .ok { code = .incomplete }
        }
        if json { try Console.json(result) }
        let removed = result.removal.map { $0.purged + $0.deleted } ?? 0
        return (code, (result.copied ?? 0) + removed > 0)
    }

    /// Only a comparison says that all is there, and ends what the one before has found.
    private func verifyAgain(_ desk: VerificationDesk) async throws {
        try await desk.verify(words[0], PairVerifier.Order(reason: "repair")) { pair, outcome in
            guard !json else { return }
            VerificationPrinter(source: pair.source.url, target: pair.target).line(outcome.record)
        }
    }

    /// Only a pair has a checkpoint, which tells whether the source was set back.
    private var keepsUnexplained: Bool { words.count == 2 && !removeUnexplained }

    /// What is older than its source stays in a pair's backup in any case.
    private var keepsOlder: Bool { !removeUnexplained }

    /// Says what a removal would come to, and returns how many documents would lose revisions.
    private func planRemoval(
        _ extra: [Difference], of source: any ComparableReplica, _ hold: RemovalHold?, _ printer: RepairPrinter,
        _ result: inout RepairResult
    ) async throws -> Int {
        var refused = hold.map { "\($0)" }
        do {
            try await SourceNodesAway.expectNone(of: source)
        } catch let away as SourceNodesAway {
            refused = "\(away)"
        }
        if let refused {
            result.removalRefused = refused
            printer.held(refused)
            return 0
        }
        let plan = ExtraRemoval.plan(extra, keepsUnexplained: keepsUnexplained, keepsOlder: keepsOlder)
        printer.planned(plan.removed, kept: plan.kept)
        return plan.removed.count
    }

    private func told(
        _ report: HoleRepair.Report, _ printer: RepairPrinter, _ result: inout RepairResult
    ) -> Service.ExitCode {
        printer.copied(report)
        (result.copied, result.refused) = (report.copied, report.refusals.map(RepairResult.Refused.init))
        result.remaining = report.remaining.map(RepairResult.Document.init(missing:))
        result.damage = report.damage
        if report.damage != nil { return .damaged }
        return report.remaining.isEmpty ? .ok : report.refusals.isEmpty ? .different : .incomplete
    }

    private func remove(
        _ extra: [Difference], _ source: any ComparableReplica, _ target: any ComparableReplica,
        _ printer: RepairPrinter,
        _ result: inout RepairResult
    ) async throws -> Service.ExitCode {
        guard removeExtra, let target = target as? CouchReplica else { return .different }
        let plan = ExtraRemoval.plan(extra, keepsUnexplained: keepsUnexplained, keepsOlder: keepsOlder)
        printer.planned(plan.removed, kept: plan.kept)
        guard !plan.removed.isEmpty else { return .different }
        var isConfirmed = confirm
        if !isConfirmed {
            isConfirmed = try await Question.isAnsweredWithYes("Remove these revisions from \(target.database.url)?")
        }
        guard isConfirmed else {
            Console.error("Nothing was removed. Say --confirm to do it.")
            return .refused
        }
        let report = try await ExtraRemoval(source, target).run(
            extra, keepsUnexplained: keepsUnexplained, keepsOlder: keepsOlder)
        printer.removed(report)
        result.removal = RepairResult.Removal(report)
        result.refused = (result.refused ?? []) + report.refusals.map(RepairResult.Refused.init)
        if !report.refusals.isEmpty { return .incomplete }
        return report.remaining.isEmpty && report.kept.isEmpty && report.deleted == 0 ? .ok : .different
    }
}
