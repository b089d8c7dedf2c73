import CouchDB
import Crypto
import Foundation
import GRDB
import Replication
import Synchronization

/// The keys of one open backup: makes the digests that are looked up, seals records and opens them.
final class Keyring: Sendable {
    /// The uuid of the backup.
    let database: String
    let key: VaultKey
    private let opened = Mutex<[Int: SymmetricKey]>([:])
    private let current = Mutex<Sealer?>(nil)

    init(database: String, key: VaultKey) { (self.database, self.key) = (database, key) }

    /// The keyed digest of parts of a kind.
    func token(_ kind: String, _ parts: [Data]) -> Data {
        var code = HMAC<SHA256>(key: key.index)
        var bytes = Data()
        for part in [Data(kind.utf8)] + parts { bytes.append(part, lengthFirst: true) }
        code.update(data: bytes)
        return Data(code.finalize())
    }

    /// The key of this opening for writing; made and stored, wrapped, before the first record that it seals.
    func sealer(_ file: VaultFile) async throws -> Sealer {
        if let sealer = current.withLock({ $0 }) { return sealer }
        // Two batches may come here at a time: then there are two keys, of which both are good.
        let sealer = try await file.write { database in
            let number = (try Int.fetchOne(database, sql: "SELECT max(abs(id)) FROM data_key") ?? 0) &+ 1
            let key = SymmetricKey(size: .bits256)
            try Ledger.dataKey.insertTwice(
                number, [try self.key.wrap(key, as: self.identity(of: number))], database)
            return Sealer(database: self.database, number: number, key: key)
        }
        current.withLock { $0 = sealer }
        return sealer
    }

    /// Opens a sealed record; nil where it is not the one that was sealed there.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing` where only the write key is there.
    func open(_ sealed: Data, _ kind: RecordIdentity.Kind, _ parts: [Data], _ database: Database) throws -> Data? {
        guard let number = Sealer.number(of: sealed) else { return nil }
        let key = try dataKey(number, database)
        return Sealer(database: self.database, number: number, key: key).open(sealed, kind, parts)
    }

    func dataKey(_ number: Int, _ database: Database) throws -> SymmetricKey {
        if let key = opened.withLock({ $0[number] }) { return key }
        let wrapped: Data? = try Ledger.dataKey.sound(number, database)?.checked(1)
        do {
            let key = try key.unwrap(wrapped ?? Data(), as: identity(of: number))
            opened.withLock { $0[number] = key }
            return key
        } catch let error as VaultError {
            throw error
        } catch {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the data key \(number) can't be opened")
        }
    }

    private func identity(of number: Int) -> Data {
        RecordIdentity(database: database, kind: .dataKey, [Data(number: number)]).bytes
    }
}
