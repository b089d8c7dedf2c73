import CouchDB
import Foundation

@testable import Replication

/// Repeatable random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Random operations on a database, as users, other servers and administrators do them.
struct RandomHistory {
    static let awkwardIDs = [
        "plain", "a/b", "a+b", "100%", "grün", "gr\u{75}\u{308}n", "🛋", "_design/x", "_design/y/z", "with space",
        "\"q\"",
    ]

    private var random: SeededGenerator
    private let ids: [DocumentID]
    private var count = 0

    init(seed: UInt64, documents: Int = 40) {
        random = SeededGenerator(seed: seed)
        ids = (Self.awkwardIDs + (0..<documents).map { "document-\($0)" }).map { DocumentID($0) }
    }

    /// Does so many operations.
    mutating func run(_ operations: Int, on replica: MemoryReplica, purges: Bool = true) throws {
        for _ in 0..<operations { try step(on: replica, purges: purges) }
    }

    private mutating func step(on replica: MemoryReplica, purges: Bool) throws {
        count += 1
        let id = ids[Int.random(in: 0..<ids.count, using: &random)]
        let leaves = replica.leafRevisions.filter { $0.id == id }
        let live = leaves.filter { !$0.isDeleted }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45:
            try replica.edit(id, on: live.randomElement(using: &random)?.revision, members: members())
        case 45..<60:
            try replica.conflict(id, on: leaves.randomElement(using: &random)?.path.revisions.last, members: members())
        case 60..<75:
            guard let victim = live.randomElement(using: &random) else { return }
            try replica.edit(
                id, on: victim.revision, isDeleted: true, members: Bool.random(using: &random) ? members() : "")
        case 75..<82:
            guard live.isEmpty else { return }
            try replica.edit(id, members: members())
        case 82..<92:
            try replica.edit(
                id, on: live.randomElement(using: &random)?.revision, members: members(), attachments: attachments())
        case 92..<95:
            guard purges, let victim = leaves.randomElement(using: &random) else { return }
            replica.purge(id, [victim.revision])
        default:
            replica.compact()
        }
    }

    /// Members that a decoder would change.
    private mutating func members() -> String {
        let values = [
            "1.0", "1", "-0.5e-3", "12345678901234567890", #""\u00e9 \u0000""#, #"{"b":1,"a":[1,2,{}]}"#, "null",
            "true",
        ]
        return #""n":\#(count),"value":\#(values[Int.random(in: 0..<values.count, using: &random)])"#
    }

    private mutating func attachments() -> [(name: String, type: String, bytes: Data)] {
        (0..<Int.random(in: 1...3, using: &random)).map { number in
            let size = [0, 10, 3000, 70_000][Int.random(in: 0..<4, using: &random)]
            return (
                "file \(number)é", "application/octet-stream",
                Data((0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
            )
        }
    }
}
