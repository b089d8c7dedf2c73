import CouchDB
import Foundation

/// A random changes feed, with the events that reading it must give.
struct RandomFeed {
    private(set) var bytes: [UInt8] = []
    private(set) var events: [ChangesEvent] = []

    init(_ feed: ChangesScanner.Feed, seed: UInt64, rowCount: Int = 12) {
        var json = RandomJSON(seed: seed)
        // A line of a continuous feed may not hold line breaks; they would be heartbeats between rows only, though.
        json.isSpaced = feed == .normal
        let rows = (0..<rowCount).map { _ in Self.row(&json) }
        let last = Self.sequence(&json)
        let pending = json.pick([0, 7, nil] as [Int?])
        var tail = [(key: "last_seq", value: last.text)]
        if let pending { tail.append((key: "pending", value: "\(pending)")) }
        events = rows.map { .row($0.row) }
        switch feed {
        case .normal:
            let list = (key: "results", value: json.array(rows.map(\.text)))
            bytes = Array((json.space() + json.object([list] + tail) + "\n").utf8)
        case .continuous:
            let heartbeats = (0...rowCount).map { _ in json.chance(3) ? 2 : 0 }
            var text = String(repeating: "\n", count: heartbeats[0])
            events = Array(repeating: .heartbeat, count: heartbeats[0])
            for (row, count) in zip(rows, heartbeats.dropFirst()) {
                text += row.text + "\n" + String(repeating: "\n", count: count)
                events += [.row(row.row)] + Array(repeating: .heartbeat, count: count)
            }
            bytes = Array((text + json.object(tail.shuffled(using: &json.generator)) + "\n").utf8)
        }
        // The one sequence that counts as none would be no end.
        if let sequence = last.value { events.append(.end(lastSequence: sequence, pending: pending)) }
    }

    private static func row(_ json: inout RandomJSON) -> (text: String, row: ChangeRow) {
        let id = json.text()
        let sequence = json.chance(3) ? (text: "null", value: nil) : sequence(&json)
        let revisions = (0..<Int.random(in: 1...3, using: &json.generator)).map { number in
            json.chance(4) ? "\(number + 1)-\(json.text())" : "\(number + 1)-967a00dff5e02add41819138abb3284d"
        }
        let isDeleted = json.chance(3)
        let document = json.chance(2) ? json.document() : nil
        var changes: [String] = []
        for revision in revisions {
            let value = json.string(revision)
            changes.append(json.object([(key: "rev", value: value)]))
        }
        var members = [
            (key: "id", value: json.string(id)), (key: "seq", value: sequence.text),
            (key: "changes", value: json.array(changes)),
        ]
        if isDeleted { members.append((key: "deleted", value: "true")) }
        if let document { members.append((key: "doc", value: document)) }
        if json.chance(5) { members.append((key: "unknown", value: json.value())) }
        let text = json.object(members.shuffled(using: &json.generator))
        let row = ChangeRow(
            sequence: sequence.value, id: id, revisions: revisions.compactMap { RevisionID($0) },
            isDeleted: isDeleted, document: document.map { Data($0.utf8) })
        return (text, row)
    }

    /// A sequence of 1.x, of BigCouch or of a cluster.
    private static func sequence(_ json: inout RandomJSON) -> (text: String, value: UpdateSequence?) {
        let number = Int.random(in: 0...1_000_000, using: &json.generator)
        return switch Int.random(in: 0..<3, using: &json.generator) {
        case 0: ("\(number)", UpdateSequence(.integer(Int64(number))))
        case 1: ("[\(number),\"g1AAA\"]", UpdateSequence([.integer(Int64(number)), "g1AAA"]))
        default: ("\"\(number)-g1AAA\"", UpdateSequence(.string("\(number)-g1AAA")))
        }
    }
}
