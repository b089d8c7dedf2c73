import CouchDB
import Foundation
import Replication
import Service

/// Tells people what a repair finds and does; nothing where a program reads.
struct RepairPrinter {
    let isSilent: Bool

    private static let shown = 20

    func found(_ text: RepairText, equal: Int, holes: [Difference], extra: [Difference], removesExtra: Bool) {
        out("\(Wording.documents(equal)) equal, \(Wording.number(holes.count)) without a revision that the source has")
        guard let more = text.ofExtra else { return }
        out(more)
        list(extra, \.onlyInTarget, isWhole: removesExtra)
    }

    func dryRun(_ text: RepairText, _ holes: [Difference], removed: Int) {
        list(holes, \.onlyInSource, isWhole: false)
        out(text.endOfDryRun(removed: removed))
    }

    func copied(_ report: HoleRepair.Report) {
        out(
            "\(Wording.revisions(report.copied)) copied; \(Wording.documents(report.remaining.count)) still without one"
        )
        if !isSilent, let damage = report.damage {
            Console.error(
                "the backup was damaged (\(damage)): older moments lack it, and the next couchkeep backup reads the source from "
                    + "its beginning")
        }
        refused(report.refusals)
    }

    func planned(_ removed: [Difference], kept: [Difference]) {
        let revisions = removed.reduce(0) { $0 + $1.onlyInTarget.count }
        out("\(Wording.revisions(revisions)) of \(Wording.documents(removed.count)) would be removed from the target")
        guard !kept.isEmpty else { return }
        out(
            "\(Wording.documents(kept.count)) \(kept.count == 1 ? "stays" : "stay"), since the source has lost these revisions or may have; the target's may be the last "
                + "(between two databases --remove-unexplained removes them all the same)"
        )
    }

    func held(_ why: String) { out("--remove-extra would be refused: \(why)") }

    func incomplete(_ why: String) {
        if !isSilent { Console.error("incomplete: \(why); run couchkeep verify when the nodes are back") }
    }

    func doubtful(_ why: String) {
        if !isSilent { Console.error("incomplete: the verification came to no verdict: \(why); run couchkeep verify") }
    }

    func removed(_ report: ExtraRemoval.Report) {
        out("\(Wording.revisions(report.purged)) purged; \(Wording.documents(report.remaining.count)) still with one")
        if report.deleted > 0 {
            out(
                "\(report.deleted) were deleted, since the server does not purge: the tombstones are new, so that both differ"
            )
        }
        if !report.kept.isEmpty {
            out(
                "\(Wording.documents(report.kept.count)) left alone: the source knows them by now, or may have lost them"
            )
        }
        refused(report.refusals)
    }

    private func refused(_ refusals: [Refusal]) {
        guard !isSilent else { return }
        for refusal in refusals.prefix(Self.shown) {
            let who = refusal.stage == .storing ? "refused by the target" : "not handed out by the source"
            Console.error(
                "\(who): “\(LineText.escaped(refusal.id.text))” \(refusal.revision?.description ?? ""): \(refusal.error): "
                    + LineText.escaped(refusal.reason))
        }
        if refusals.count > Self.shown { Console.error("and \(refusals.count - Self.shown) more; --json lists them") }
    }

    /// What is to be removed is shown to the last one.
    private func list(_ differences: [Difference], _ revisions: KeyPath<Difference, [RevisionID]>, isWhole: Bool) {
        for difference in differences.prefix(isWhole ? .max : Self.shown) {
            out(
                "  \(LineText.escaped(difference.id.text))  \(difference[keyPath: revisions].map(\.description).joined(separator: " "))"
            )
            if let reason = difference.reason { out("      \(reason.sentence)") }
        }
        if !isWhole, differences.count > Self.shown { out("  and \(differences.count - Self.shown) more") }
    }

    private func out(_ text: String) {
        if !isSilent { Console.out(text) }
    }
}
