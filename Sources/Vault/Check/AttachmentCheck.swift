import Crypto
import Foundation
import GRDB

/// Checks that every attachment is there, and with `readData` that its bytes are those that were stored.
struct AttachmentCheck {
    var report: CheckReport
    let readData: Bool
    let file: VaultFile
    let database: Database

    mutating func run() {
        do {
            try checkRows()
            try checkLists()
        } catch {
            report.add("attachment", "\(error)")
        }
    }

    private mutating func checkRows() throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT sha256, size, data FROM attachment ORDER BY id")
        var known: Set<Data> = []
        while let row = try rows.next() {
            try Task.checkCancellation()
            report.attachments += 1
            let (sha256, size): (Data, Int) = (try row.checked(0), try row.checked(1))
            guard let data: Data = try row.checkedOptional(2) else {
                known.insert(sha256)
                checkFile(sha256, size: size)
                continue
            }
            report.readBytes += readData ? data.count : 0
            if data.count != size || readData && Data(SHA256.hash(data: data)) != sha256 {
                report.add("attachment", "one of \(size) bytes was changed")
            }
        }
        report.strays += try file.objects.stored().count { !known.contains($0) }
    }

    private mutating func checkFile(_ sha256: Data, size: Int) {
        let path = file.objects.path(of: sha256)
        do {
            guard FileManager.default.fileExists(atPath: path) else {
                report.add("attachment", "the file \(path) is missing")
                return
            }
            guard VaultFile.size(of: path) == size else {
                report.add("attachment", "the file \(path) should have \(size) bytes")
                return
            }
            guard readData else { return }
            report.readBytes += size
            if try file.objects.hash(of: sha256).sha256 != sha256 {
                report.add("attachment", "the file \(path) was changed")
            }
        } catch {
            report.add("attachment", "\(error)")
        }
    }

    private mutating func checkLists() throws {
        let ids = Set(try Row.fetchAll(database, sql: "SELECT id FROM attachment").map { try $0.checked(0) as Int64 })
        let used = try VaultDatabase.usedAttachments(database)
        let missing = used.subtracting(ids).count
        if missing > 0 { report.add("attachment", "\(missing) that documents name are missing") }
        report.strays += ids.subtracting(used).count
    }
}
