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

    mutating func run() {
        do {
            try checkRows()
            try checkLists()
        } catch {
            report.add("attachment", "\(error)")
        }
    }

    /// Sizes that an attachment can have: a damaged one could be any number.
    static let sizes = 0..<1 << 50

    private mutating func checkRows() throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT sha256, size, file, stored, data FROM attachment ORDER BY id")
        var known: Set<Data> = []
        while let row = try rows.next() {
            try Task.checkCancellation()
            report.attachments += 1
            meter.count(readBytes: report.readBytes)
            let (sha256, size): (Data, Int) = (try row.checked(0), try row.checked(1))
            guard Self.sizes.contains(size) else {
                report.add("attachment", "one has a size that can't be")
                continue
            }
            let (isFile, stored): (Bool, Data?) = (try row.checked(2), try row.checkedOptional(3))
            let data: Data? = try row.checkedOptional(4)
            if isFile {
                known.insert(sha256)
                checkFile(sha256, size: size, stored: stored)
            } else {
                let (length, hash) = stored.map { (size + Sealer.overhead, $0) } ?? (size, sha256)
                report.readBytes += readData ? size : 0
                if data?.count != length || readData && data.map({ Data(SHA256.hash(data: $0)) }) != hash {
                    report.add("attachment", "one of \(size) bytes was changed")
                }
            }
            try checkSeal(data, token: sha256, size: isFile ? SealedObject.nameSize : size)
        }
        report.strays += try file.objects.stored().count { !known.contains($0) }
    }

    /// With the key, whether the bytes are sealed for this row.
    private mutating func checkSeal(_ data: Data?, token: Data, size: Int) throws {
        guard readData, case .open(let keyring) = file.encryption, keyring.key.canRead else { return }
        guard let data, let plain = try keyring.open(data, .attachment, [token], database), plain.count == size else {
            return report.add("attachment", "one was sealed for another record")
        }
    }

    private mutating func checkFile(_ sha256: Data, size: Int, stored: Data?) {
        let size = stored == nil ? size : SealedObject.fileSize(of: size)
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
            if try file.objects.hash(of: sha256).sha256 != stored ?? sha256 {
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
