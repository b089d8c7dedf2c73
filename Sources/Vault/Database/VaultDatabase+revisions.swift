import CouchDB
import Foundation
import GRDB
import Replication

extension VaultDatabase {
    /// How much one reading of the file takes into memory.
    private static let readDocuments = 500
    private static let readBytes = 4 << 20

    package func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        var next = 0
        while next < wanted.count {
            let rest = Array(wanted[next..<min(next + Self.readDocuments, wanted.count)])
            let answers = try await file.read { database in
                var reading = try RevisionReading(
                    file: file, horizon: try horizon(database), listed: listed, database: database)
                var (answers, bytes): ([[RevisionAnswer]], Int) = ([], 0)
                for document in rest {
                    let answer = try reading.answers(to: document)
                    answers.append(answer)
                    bytes += answer.reduce(0) { $0 + $1.memorySize }
                    if bytes > Self.readBytes { break }
                }
                return answers
            }
            for answer in answers.joined() { try await receive(answer) }
            next += answers.count
        }
    }
}

extension RevisionAnswer {
    fileprivate var memorySize: Int {
        guard case .given(let revisions) = outcome else { return 0 }
        return revisions.reduce(0) { $0 + $1.memorySize }
    }
}
