import CouchDB
import Foundation
import Synchronization
import SystemPackage

/// A database of a CouchDB server as a replica, over HTTP.
///
/// Documents come by `_bulk_get` (measured on 3.5.0: feed pages and `_bulk_get` are faster than a feed that includes the
/// winners' documents, as soon as some documents have more than one revision), those with attachments as multipart, and
/// by `open_revs`, several at a time, from servers without `_bulk_get`.
package final class CouchReplica: Replica {
    /// Sizes that a replica keeps to.
    package struct Limits: Sendable, Hashable {
        /// The largest attachment in bytes that is held in memory.
        package var attachmentInMemory = 128 << 10
        /// The most bytes of documents that are sent together.
        package var request = 2 << 20
        /// The most bytes of attachments that are asked for together.
        package var attachmentsTogether = 4 << 20
        /// How many calls that fetch run at a time.
        package var fetches = 4
        /// How many calls that store run at a time: CouchDB commits together what comes at the same time (measured on 3.5.0:
        /// eight of 500 documents take a sixth less time than four of 1,000).
        package var stores = 8
        /// How many documents all calls together ask for at a time, where each takes a request of its own: 1.x answers none
        /// in less than 45 ms (Nagle's algorithm there, delayed acknowledgements here). Measured on 1.6.1, 1,000 small ones
        /// take 13 s by four at a time, and 3.7 s by sixteen.
        package var documentRequests = 16
        /// The largest answer in bytes that is read beside others of the same call.
        package var answerBesideOthers = 512 << 10
        /// The shortest time that a request waits for a change, however soon a proxy has cut off those before.
        package var shortestPatience = Duration.seconds(4)

        package init() {}
    }

    package let database: CouchDatabase
    let limits: Limits
    /// Where temporary files with large attachments go.
    let spoolFolder: FilePath
    private let memory: Mutex<Memory>

    /// What was learnt of the server.
    struct Memory {
        var lacksBulkGet = false
        var lacksMultipartBulkGet = false
        /// Which database it was when it was described first.
        var identity: String?
        /// The revisions of the local documents with checkpoints.
        var checkpointRevisions: [String: String] = [:]
        /// How many documents are asked for at a time.
        var overlap: Overlap
        /// The longest time that a request waits for a change, where a longer one was cut off.
        private(set) var patience: Duration?
        private(set) var endedWaits = 0

        /// Notes that a request waited in vain and was cut off.
        mutating func waitFailed(_ shorter: Duration) { (patience, endedWaits) = (shorter, 0) }

        /// Notes that a request ended well. Now and then the next ones wait twice as long: what cut them off may have been no
        /// proxy, but a server that was stopped.
        ///
        /// - Parameter asked: the longest time that is wanted.
        mutating func waitEnded(of asked: Duration) {
            guard let shorter = patience else { return }
            endedWaits += 1
            guard endedWaits >= 8 else { return }
            (patience, endedWaits) = (shorter * 2 < asked ? shorter * 2 : nil, 0)
        }
    }

    package init(
        _ database: CouchDatabase, limits: Limits = Limits(),
        spoolFolder: FilePath = FilePath(NSTemporaryDirectory())
    ) {
        self.database = database
        self.limits = limits
        self.spoolFolder = spoolFolder
        memory = Mutex(Memory(overlap: Overlap(limit: limits.documentRequests)))
    }

    package var concurrentStores: Int { limits.stores }
    package var concurrentFetches: Int { limits.fetches }

    package func describe() async throws -> ReplicaDescription {
        let info = try await database.info()
        remember { $0.identity = $0.identity ?? info.identity }
        return ReplicaDescription(
            name: database.url, updateSequence: info.updateSequence, documentCount: info.documentCount,
            deletedCount: info.deletedCount, identity: info.identity,
            purges: info.purgeSequence?.parameter, copies: info.copyCounts,
            isPartitioned: info.isPartitioned)
    }

    /// Changes or reads what was learnt.
    @discardableResult
    func remember<Result: Sendable>(_ body: (inout sending Memory) -> Result) -> Result {
        memory.withLock { body(&$0) }
    }
}
