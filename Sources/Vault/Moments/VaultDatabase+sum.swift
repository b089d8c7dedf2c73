import Foundation
import GRDB

extension VaultDatabase {
    /// Adds up the leaves of the moment, and says what is wrong where they are not those that it was sealed with.
    ///
    /// A row that a disk has lost, or that a damaged number moves to another time, is missed by nothing else: what is left
    /// looks like a smaller backup. Reads every leaf of the moment, but no document.
    ///
    /// - Returns: nil where all are there, and for the state of now, which nothing was sealed with.
    /// - Throws: `VaultError`, also where a row can't be read; `CancellationError`.
    package func lossOfLeaves() async throws -> String? {
        guard let moment else { return nil }
        let (count, sum) = try await file.read { database in
            let horizon = try horizon(database)
            let statement = try database.cachedStatement(
                sql: """
                    SELECT digest FROM leaf WHERE added >= ? AND added <= ? \
                    AND (superseded IS NULL OR superseded > ?)
                    """)
            let rows = try statement.rows(database) { values in
                values.append(horizon.first)
                values.append(moment.number)
                values.append(moment.number)
            }
            var (count, sum) = (0, DigestSum())
            while let digest = try rows.next({ try $0.withBytes(0) { LeafDigest(bytes: $0) } }) {
                guard let digest else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a leaf has no digest")
                }
                count += 1
                sum += digest
            }
            return (count, sum)
        }
        if count != moment.leaves {
            return "moment \(moment.number) was made of \(moment.leaves) revisions, and \(count) are there"
        }
        return sum == moment.digest ? nil : "the revisions of moment \(moment.number) are not those it was made of"
    }
}
