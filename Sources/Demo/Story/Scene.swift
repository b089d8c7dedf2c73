import CouchDB
import CouchSim
import Service
import Supervision

/// What chapters play with, and what they have in common.
struct Scene: Sendable {
    let stage: any Stage
    let folder: OperatorFolder
    let mailbox: Mailbox
    let narrator: Narrator

    static let customers = Replication(of: "customers")
    static let invoices = Replication(of: "invoices")
    static let orders = Replication(of: "orders")
    static let all = [customers, invoices, orders]

    var couchkeep: Operator { Operator(folder: folder) }

    /// Writes documents to a database of the source.
    func write(_ count: Int, _ prefix: String, to replication: Replication, with members: [String: JSONValue] = [:])
        async throws
    {
        let documents = (1...count).map { number in
            JSONValue.object(members.merging(["_id": .string("\(prefix)-\(number)")]) { $1 })
        }
        try await stage.source.write(documents, to: replication.database)
    }

    /// Prints what CouchDB says of a replication, and what is really there.
    @discardableResult
    func showCouchDB(_ replication: Replication) async throws -> (CouchDBReport, Comparison) {
        let report = try await CouchDBReport.ask(about: replication, on: stage)
        let comparison = try await Comparison.make(of: replication.database, on: stage)
        narrator.fact("CouchDB reports", report.text)
        narrator.fact("In truth", comparison.text, mark: narrator.style.mark(comparison.isComplete ? .ok : .problem))
        return (report, comparison)
    }

    /// Prints a finding, which must be there.
    func showFinding(_ rule: String, about subject: String, among findings: [Finding]) throws {
        guard let finding = findings.first(where: { $0.rule == rule }) else {
            let found = findings.map(\.rule).joined(separator: ", ")
            throw DemoFailure(
                .unexpected,
                "Couchkeep should find \(rule) for \(subject), and found \(found.isEmpty ? "nothing" : found)")
        }
        let evidence = EvidenceText(finding.evidence).text
        narrator.fact(
            "Couchkeep reports",
            ["\(narrator.style.severity(finding.severity)) \(finding.rule), \(subject)", finding.summary]
                + (evidence.isEmpty ? [] : ["evidence: \(evidence)"]))
    }

    /// Prints the finding that a check will mend, as soon as Couchkeep's own pause between two repairs is over.
    func showPlan(of rule: String, for replication: Replication) async throws {
        var findings: [Finding] = []
        try await Patience.until("a plan to mend \(rule)") {
            let pair = try await couchkeep.check(isDryRun: true).pairs.first { $0.pair == replication.database }
            findings = pair?.findings ?? []
            return pair?.repairs.contains { $0.rule == rule && !$0.detail.contains("held back") } ?? findings.isEmpty
        }
        try showFinding(rule, about: replication.database, among: findings)
    }

    /// Prints the repairs of some pairs, each of which must have been repaired.
    func showRepairs(_ report: Report, of replications: [Replication]) throws {
        let repaired = try replications.flatMap { replication in
            let repairs = report.pairs.first { $0.pair == replication.database }?.repairs ?? []
            let done = repairs.filter { $0.result == .done }
            try expect(
                !done.isEmpty, "Couchkeep should have repaired \(replication.database): \(repairs.map(\.detail))")
            return done.map { (pair: replication.database, repair: $0) }
        }
        var texts: [String] = []
        for (index, (pair, repair)) in repaired.enumerated() {
            // The same step for several pairs is told once.
            guard !repaired[..<index].contains(where: { $0.repair.action == repair.action }) else { continue }
            let others = repaired.filter { $0.repair.action == repair.action && $0.pair != pair }.map(\.pair)
            let also = others.isEmpty ? "" : ", and the same for \(others.joined(separator: " and "))"
            texts.append(repair.detail + also)
        }
        narrator.fact("Couchkeep repairs", texts)
    }

    /// Prints the mails that have come.
    ///
    /// - Parameter subject: words that one of the subjects must contain; nil where there must be no mail.
    func showMails(about subject: String?) throws {
        let mails = mailbox.takeNew()
        guard let subject else {
            let found = mails.map(\.subject)
            return try expect(found.isEmpty, "there should be no mail, and there is: \(found)")
        }
        try expect(
            mails.contains { $0.subject.contains(subject) },
            "there should be a mail about \(subject), and there are: \(mails.map(\.subject))")
        for excerpt in mails.map(MailExcerpt.init) { narrator.fact("Mail", [excerpt.subject] + excerpt.body) }
    }

    /// Waits until all is well, what was told is told to be over, and every document is there; prints the proof.
    func showRecovery(of replications: [Replication]) async throws {
        narrator.progress("waiting for the copy, and for a check that finds all well")
        for replication in replications { try await stage.settled(replication) }
        try await Patience.until("a check that finds all well") {
            guard try await couchkeep.check().verdict == .ok else { return false }
            return try await !couchkeep.hasOpenAlerts()
        }
        var comparisons: [Comparison] = []
        for replication in replications {
            let comparison = try await Comparison.make(of: replication.database, on: stage)
            try expect(comparison.isComplete, "the backup should be complete: \(comparison.text)")
            comparisons.append(comparison)
        }
        narrator.fact("Documents now", Comparison.proof(of: comparisons), mark: narrator.style.mark(.ok))
        for excerpt in mailbox.takeNew().map(MailExcerpt.init) { narrator.fact("Mail", excerpt.subject) }
    }
}
