import CouchDB
import Foundation
import GRDB

/// A state of the database that can be read and restored.
package struct Moment: Sendable, Hashable {
    /// Counts up by one in the order in which moments were written.
    package var number: Int
    /// When its run ended, by this machine's clock.
    package var time: Date
    /// The epoch that it belongs to.
    package var epoch: Int
    /// How far the source's feed was read, where known.
    package var sequence: UpdateSequence?
    /// Whether the feed was read to its end, with nothing set aside, and no acknowledged write may have been with nodes that
    /// were away.
    package var isComplete: Bool
    /// Revisions that could not be copied.
    package var setAside: Int
    /// Documents that are not deleted.
    package var documents: Int
    package var deleted: Int
    package var leaves: Int
    /// When it was last compared equal with the source or with a restored copy; nil where never.
    package var verified: Date?
    /// The sum of the digests of all leaves: equal for equal contents.
    let digest: DigestSum
    let rowHash: Int64

}

extension Moment {
    static let columns =
        "id, time, epoch, sequence, complete, set_aside, documents, deleted, leaves, digest, verified, hash"

    /// Reads a row of the columns, and checks its hash.
    init(_ row: Row) throws {
        number = try row.checked(0)
        let values = (0..<11).map { row[$0] as DatabaseValue }
        rowHash = try row.checked(11)
        guard let digest = DigestSum(try row.checked(9)), Ledger.moment.hash(values) == rowHash else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the moment \(number) was changed")
        }
        self.digest = digest
        time = Date(milliseconds: try row.checked(1))
        epoch = try row.checked(2)
        let sequence: Data? = try row.checkedOptional(3)
        self.sequence = try sequence.map { try JSONDecoder().decode(UpdateSequence.self, from: $0) }
        isComplete = try row.checked(4)
        setAside = try row.checked(5)
        documents = try row.checked(6)
        deleted = try row.checked(7)
        leaves = try row.checked(8)
        let verified: Int64? = try row.checkedOptional(10)
        self.verified = verified.map(Date.init(milliseconds:))
    }

    /// All that can be read, oldest first.
    static func all(_ database: Database) throws -> [Moment] { try read(database).sound }

    /// All moments, oldest first, and the numbers of those whose row is damaged: they keep none of the others from use.
    static func read(_ database: Database) throws -> (sound: [Moment], damaged: [Int]) {
        var (sound, damaged): ([Moment], [Int]) = ([], [])
        for row in try Row.fetchAll(database, sql: "SELECT \(columns) FROM moment ORDER BY id") {
            switch Result(catching: { try Moment(row) }) {
            case .success(let moment): sound.append(moment)
            case .failure: damaged.append(try row.checked(0))
            }
        }
        return (sound, damaged)
    }
}
