import Crypto
import Foundation
import GRDB

/// Checks that every attachment is there, and with `readData` that its bytes are those that were stored.
struct AttachmentCheck {
    var report: CheckReport
    let readData: Bool
    let file: VaultFile
    let database: Database
    var meter: CheckMeter
    /// A look at the file as it is now, which is newer than the check's own.
    private var present: DatabaseQueue?

    init(report: CheckReport, readData: Bool, file: VaultFile, database: Database, meter: CheckMeter) {
        (self.report, self.readData, self.file, self.database) = (report, readData, file, database)
        self.meter = meter
    }

    /// - Throws: `VaultError` where too many files are open; damage is reported.
    mutating func run() throws {
        do {
            try checkRows()
            try checkLists()
        } catch {
            try VaultError.passOn(error, at: file.path)
            report.add("attachment", "\(error)")
        }
    }

    /// Sizes that an attachment can have: a damaged one could be any number.
    static let sizes = 0..<1 << 50

    private mutating func checkRows() throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT sha256, size, file, stored, data FROM attachment ORDER BY id")
        while let row = try rows.next() {
            try Task.checkCancellation()
            report.attachments += 1
            meter.count(readBytes: report.readBytes)
            let (sha256, size): (Data, Int) = (try row.checked(0), try row.checked(1))
            guard Self.sizes.contains(size) else {
                report.add("attachment", "one has a size that can't be", isMendable: false)
                continue
            }
            let (isFile, stored): (Bool, Data?) = (try row.checked(2), try row.checkedOptional(3))
            let data: Data? = try row.checkedOptional(4)
            if isFile {
                try checkFile(sha256, size: size, stored: stored)
            } else {
                let (length, hash) = stored.map { (size + Sealer.overhead, $0) } ?? (size, sha256)
                report.readBytes += readData ? size : 0
                if data?.count != length || readData && data.map({ Data(SHA256.hash(data: $0)) }) != hash {
                    report.add("attachment", "one of \(size) bytes was changed")
                }
            }
            try checkSeal(data, token: sha256, size: isFile ? SealedObject.nameSize : size)
        }
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM attachment WHERE sha256 = ? AND file = 1)")
        try file.objects.forEachStored { hash in
            if try Bool.fetchOne(statement, arguments: [hash]) != true { report.strays += 1 }
        }
    }

    /// With the key, whether the bytes are sealed for this row.
    private mutating func checkSeal(_ data: Data?, token: Data, size: Int) throws {
        guard readData, case .open(let keyring) = file.encryption, keyring.key.canRead else { return }
        guard let data, let plain = try keyring.open(data, .attachment, [token], database), plain.count == size else {
            return report.add("attachment", "one was sealed for another record")
        }
    }

    private mutating func checkFile(_ sha256: Data, size: Int, stored: Data?) throws {
        let size = stored == nil ? size : SealedObject.fileSize(of: size)
        let path = file.objects.path(of: sha256)
        let problem: String?
        switch Result(catching: { try self.problem(path, sha256, size: size, stored: stored) }) {
        case .success(let found): problem = found
        case .failure(let error):
            try VaultError.passOn(error, at: path)
            problem = "\(error)"
        }
        guard let problem else {
            report.readBytes += readData ? size : 0
            return
        }
        // Files are looked at as they are now, and rows as they were when the check began: a prune may have come between.
        guard try isStillThere(sha256) else { return }
        report.add("attachment", problem)
    }

    private func problem(_ path: String, _ sha256: Data, size: Int, stored: Data?) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return "the file \(path) is missing" }
        guard VaultFile.size(of: path) == size else { return "the file \(path) should have \(size) bytes" }
        guard readData, try file.objects.hash(of: sha256).sha256 != stored ?? sha256 else { return nil }
        return "the file \(path) was changed"
    }

    /// Whether the row of an attachment is there now.
    private mutating func isStillThere(_ sha256: Data) throws -> Bool {
        let queue = try present ?? VaultFile.openAlone(file.path, folder: file.folder)
        present = queue
        return try queue.read {
            try Bool.fetchOne(
                $0, sql: "SELECT EXISTS (SELECT 1 FROM attachment WHERE sha256 = ?)", arguments: [sha256]) ?? false
        }
    }

    private mutating func checkLists() throws {
        var missing = try VaultDatabase.usedAttachments(database)
        let rows = try Row.fetchCursor(database, sql: "SELECT id FROM attachment")
        while let row = try rows.next() {
            let id: Int64 = try row.checked(0)
            if missing.contains(id) { missing.remove(id) } else { report.strays += 1 }
        }
        if missing.count > 0 {
            report.add("attachment", "\(missing.count) that documents name are missing", isMendable: false)
        }
    }
}
