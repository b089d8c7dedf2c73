import CouchDB
import Crypto
import Foundation
import GRDB
import Replication

/// Checks every leaf row, its body, and that the leaves of each moment add up to what the moment says.
struct LeafCheck {
    var report: CheckReport
    let readData: Bool
    let file: VaultFile
    let database: Database
    private var meter: CheckMeter
    /// What comes and goes at each moment.
    private var changes: [Int: Change] = [:]

    private struct Change {
        var leaves = 0
        var digest = DigestSum()
    }

    init(report: CheckReport, readData: Bool, file: VaultFile, database: Database, meter: CheckMeter) {
        (self.report, self.readData, self.file, self.database) = (report, readData, file, database)
        self.meter = meter
    }

    /// - Throws: `VaultError` where too many files are open; damage is reported.
    mutating func run() throws {
        do {
            let state = try StateRow(database)
            let epochs = try Epoch.all(database)
            try checkRows(state, firsts: epochs.map(\.first))
            try checkMoments(state, firsts: epochs.map(\.first))
            try checkBodies()
        } catch {
            try VaultError.passOn(error, at: file.path)
            report.add("leaf", "\(error)")
        }
    }

    private mutating func checkRows(_ state: StateRow, firsts: [Int]) throws {
        var bodies = try BodyReading(file, database)
        // A row that is damaged is told, and the others are checked all the same.
        let rows = try database.cachedStatement(sql: "SELECT \(LeafRow.columns) FROM leaf ORDER BY id").rows(database)
        while let row = try rows.next({ columns in Result { try LeafRow.read(columns) } }) {
            try Task.checkCancellation()
            report.leaves += 1
            meter.count(readBytes: report.readBytes)
            do {
                let (leaf, key) = try row.get()
                try check(leaf, key: key, state)
                count(leaf, firsts: firsts)
                try check(bodyOf: leaf, &bodies)
            } catch {
                report.add("leaf", "\(error)")
            }
        }
    }

    private mutating func check(_ leaf: LeafRow, key: Int64, _ state: StateRow) throws {
        if key != LeafRow.key(leaf.name) { report.add("leaf", "row \(leaf.id) can't be found by its name") }
        if PathCoding.decode(leaf.path) == nil { report.add("leaf", "the history of row \(leaf.id) can't be read") }
        if leaf.added > state.moment || (leaf.superseded ?? leaf.added) < leaf.added
            || (leaf.superseded ?? 0) > state.moment
        {
            report.add("leaf", "row \(leaf.id) has a time that can't be")
        }
    }

    /// Notes when a leaf comes, and when it goes: where it was superseded, or where its epoch ends.
    private mutating func count(_ leaf: LeafRow, firsts: [Int]) {
        let epochEnd = firsts.first { $0 > leaf.added }
        changes[leaf.added, default: Change()].leaves += 1
        changes[leaf.added, default: Change()].digest += leaf.digest
        guard let end = [leaf.superseded, epochEnd].compactMap({ $0 }).min() else { return }
        changes[end, default: Change()].leaves -= 1
        changes[end, default: Change()].digest -= leaf.digest
    }

    private mutating func check(bodyOf leaf: LeafRow, _ bodies: inout BodyReading) throws {
        guard readData else {
            let exists = try Bool.fetchOne(
                database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM body WHERE id = ?)"), arguments: [leaf.body]
            )
            if exists != true { report.add("body", "that of \(label(leaf)) is missing") }
            return
        }
        guard let body = try bodies.checkable(of: leaf) else {
            report.add(
                "body", "that of \(label(leaf)) can't be read",
                isMendable: try !bodies.lacksAttachment(leaf))
            return
        }
        report.readBytes += body.size
        if leaf.digest(of: body) != leaf.digest {
            report.add("body", "that of \(label(leaf)) was changed")
        } else if let readable = body.readable {
            prove(readable, of: leaf)
        } else if case .open(let keyring) = file.encryption, keyring.key.canRead {
            // Whoever moves a record can mend the hashes, but not what it was sealed for.
            if let readable = try bodies.body(of: leaf) {
                prove(readable, of: leaf)
            } else {
                report.add("body", "that of \(label(leaf)) was sealed for another record")
            }
            _ = try Naming(keyring: keyring).reveal(leaf, database)
        }
    }

    /// Proves a document against its own revision, as it was when the source handed it out.
    private mutating func prove(_ body: StoredBody, of leaf: LeafRow) {
        do {
            let members = try DocumentMembers(of: body.document).attachments
            report.proofs.count(
                RevisionProof(of: body.document, path: body.path, isDeleted: leaf.isDeleted, attachments: members))
        } catch {
            report.add("body", "that of \(label(leaf)) is no document: \(error)")
        }
    }

    /// Names a document where its id can be read, else its row.
    private func label(_ leaf: LeafRow) -> String {
        file.isEncrypted ? "row \(leaf.id)" : "\(leaf.documentID)"
    }

    private mutating func checkMoments(_ state: StateRow, firsts: [Int]) throws {
        var (leaves, sum) = (0, DigestSum())
        var passed = changes.keys.sorted()[...]
        func advance(to moment: Int) {
            while let next = passed.first, next <= moment {
                passed.removeFirst()
                leaves += changes[next]?.leaves ?? 0
                sum += changes[next]?.digest ?? DigestSum()
            }
        }
        for moment in try Moment.all(database) {
            advance(to: moment.number)
            if leaves != moment.leaves || sum != moment.digest {
                report.add(
                    "moment", "moment \(moment.number) has \(leaves) leaves that are not the \(moment.leaves) it had")
            }
        }
        advance(to: .max)
        if leaves != state.leaves || sum != state.digest {
            report.add("moment", "the newest state has \(leaves) leaves that are not the \(state.leaves) it had")
        }
    }

    /// Counts the bodies that nothing needs.
    private mutating func checkBodies() throws {
        report.bodies = try Int.fetchOne(database, sql: "SELECT count(*) FROM body") ?? 0
        report.strays +=
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM body WHERE id NOT IN (SELECT coalesce(body, id) FROM leaf)") ?? 0
    }
}
