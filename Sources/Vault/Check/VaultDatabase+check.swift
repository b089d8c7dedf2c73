import Foundation
import GRDB

extension VaultDatabase {
    /// Checks that the backup is what was written: SQLite's structure, every row, the content of every moment.
    ///
    /// Works while a backup is written. Damage is reported, not thrown.
    ///
    /// - Parameters:
    ///   - readData: computes the hash of every document and attachment too.
    ///   - onProgress: called on the thread that reads, which waits for it.
    /// - Throws: `VaultError` with code `vault-locked` where the file may only be read, and is written to meanwhile, with
    ///   `too-many-open-files`; `CancellationError`.
    package func check(
        readData: Bool, onProgress: @escaping @Sendable (CheckProgress) -> Void = { _ in }
    ) async throws -> CheckReport {
        let file = file
        do {
            return try await file.read { database in
                try Self.check(file, database, readData: readData, onProgress)
            }
        } catch let error as CancellationError {
            throw error
        } catch let error as VaultError where [.locked, .tooManyFiles].contains(error.code) {
            // What is written to while it is read without locks, or can't be opened right now, shows damage that it has not.
            throw error
        } catch {
            var report = CheckReport()
            report.add("sqlite", "\(VaultError.wrapping(error, at: file.path))")
            return report
        }
    }

    private static func check(
        _ file: VaultFile, _ database: Database, readData: Bool,
        _ onProgress: @escaping @Sendable (CheckProgress) -> Void
    ) throws -> CheckReport {
        var report = CheckReport()
        (report.didReadData, report.isEncrypted) = (readData, file.isEncrypted)
        for problem in try String.fetchAll(database, sql: "PRAGMA integrity_check") where problem != "ok" {
            report.add("sqlite", problem)
        }
        for problem in try DatabaseSchema.problems(database) { report.add("schema", problem) }
        for ledger in Ledger.all {
            let problems = try ledger.problems(database)
            guard !problems.isEmpty else { continue }
            let isSpared = Ledger.spared.contains { $0.table == ledger.table }
            let hasCopies = try isSpared && ledger.hasCopiesOfAll(database)
            for problem in problems {
                report.add("row", problem, hasCopy: hasCopies, isTally: problem == ledger.wrongTally)
            }
        }
        try report.checkLength(of: file)
        report.checkMoments(database)
        var leaves = LeafCheck(
            report: report, readData: readData, file: file, database: database,
            meter: try CheckMeter(.revision, of: "leaf", database, report: onProgress))
        try leaves.run()
        report = leaves.report
        var attachments = AttachmentCheck(
            report: report, readData: readData, file: file, database: database,
            meter: try CheckMeter(.attachment, of: "attachment", database, report: onProgress))
        try attachments.run()
        return attachments.report
    }
}

extension CheckReport {
    /// Checks that the file is as long as its header says, where no log is there that would change that.
    ///
    /// SQLite itself goes by the file's length where the header disagrees, and so can miss pages that were cut off.
    fileprivate mutating func checkLength(of file: VaultFile) throws {
        guard VaultFile.size(of: "\(file.path)-wal") == 0 else { return }
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file.path))
        // Closing what was only read can lose nothing.
        defer { try? handle.close() }
        let header = try handle.read(upToCount: 100) ?? Data()
        guard header.count == 100 else { return add("file", "it has no header") }
        let pageSize = Int(header[16]) << 8 | Int(header[17])
        let pages = header[28..<32].reduce(0) { $0 << 8 | Int($1) }
        let size = VaultFile.size(of: file.path)
        if size != pages * pageSize { add("file", "it has \(size) bytes, and should have \(pages * pageSize)") }
    }

    /// Checks the order of moments and epochs, and that the newest one is there.
    fileprivate mutating func checkMoments(_ database: Database) {
        do {
            let state = try StateRow(database)
            // Damaged ones are told with their rows.
            let (moments, damaged) = try Moment.read(database)
            let epochs = try Epoch.all(database)
            self.moments = moments.count + damaged.count
            if let last = (moments.map(\.number) + damaged).max() {
                if last != state.moment - 1 {
                    add("moment", "the newest is \(last), and should be \(state.moment - 1)")
                }
            } else if state.moment != 1 {
                add("moment", "there is none, and should be \(state.moment - 1)")
            }
            if epochs.last?.first != state.first { add("moment", "the newest epoch is not the current one") }
            for (epoch, next) in zip(epochs, epochs.dropFirst()) where next.first < epoch.first {
                add("moment", "epoch \(next.number) begins before epoch \(epoch.number)")
            }
            for moment in moments where epochs.last(where: { $0.first <= moment.number })?.number != moment.epoch {
                add("moment", "moment \(moment.number) belongs to another epoch than \(moment.epoch)")
            }
        } catch {
            add("moment", "\(error)")
        }
    }
}
