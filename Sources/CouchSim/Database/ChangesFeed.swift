/// A changes feed that is being sent.
struct ChangesFeed: Sendable {
    let database: Database
    let query: ChangesQuery
    /// 1.x tells no `pending`.
    let isNumeric: Bool
    let hidesPending: Bool
    let clock: any Clock<Duration>
    /// Whether the database still exists.
    let isCurrent: @Sendable () -> Bool

    /// How many rows are made at a time.
    private static let batchSize = 1000

    func response() -> SimulatedResponse {
        switch query.feed {
        case .continuous: SimulatedResponse(body: .stream { write in try await continuous(write) })
        case .longpoll: SimulatedResponse(body: .stream { write in try await longpoll(write) })
        case .normal: normal()
        }
    }

    private func normal() -> SimulatedResponse {
        if query.descending {
            let batch = database.read {
                $0.newestChanges(limit: query.limit, query: query, sequences: database.sequences)
            }
            return SimulatedResponse(body: .bytes(Self.opening + rows(batch.rows, isFirst: true) + end(of: batch)))
        }
        // The last position and what is left behind it belong to one moment, so that all is made at once.
        let batch = batch(after: since(), limit: query.limit)
        return SimulatedResponse(body: .bytes(Self.opening + rows(batch.rows, isFirst: true) + end(of: batch)))
    }

    @concurrent
    private func longpoll(_ write: @concurrent ([UInt8]) async throws -> Void) async throws {
        let start = since()
        try await write(Self.opening)
        let end = Deadline(clock: clock, after: query.timeout)
        while true {
            let version = database.changed.version
            let batch = batch(after: start, limit: query.limit)
            if !batch.rows.isEmpty || query.limit == 0 || end.isOver || !isCurrent() {
                return try await write(rows(batch.rows, isFirst: true) + self.end(of: batch))
            }
            if await wait(beyond: version, until: end) { try await write([UInt8(ascii: "\n")]) }
            try Task.checkCancellation()
        }
    }

    @concurrent
    private func continuous(_ write: @concurrent ([UInt8]) async throws -> Void) async throws {
        var position = since()
        var left = query.limit
        var end = Deadline(clock: clock, after: query.timeout)
        while true {
            let version = database.changed.version
            let batch = batch(after: position, limit: min(left, Self.batchSize))
            position = batch.last
            left -= batch.rows.count
            if !batch.rows.isEmpty {
                try await write(batch.rows.flatMap { $0 + [UInt8(ascii: "\n")] })
                end = Deadline(clock: clock, after: query.timeout)
            }
            guard left > 0, isCurrent(), query.heartbeat != nil || !end.isOver else {
                let last: OrderedJSON = [
                    "last_seq": database.sequences.json(position), "pending": pending(batch.pending),
                ]
                return try await write(last.serialized + [UInt8(ascii: "\n")])
            }
            guard batch.rows.isEmpty else { continue }
            if await wait(beyond: version, until: end) { try await write([UInt8(ascii: "\n")]) }
            try Task.checkCancellation()
        }
    }

    /// Waits for a change, and no longer than until the end; true when it is time for a heartbeat.
    private func wait(beyond version: Int, until end: Deadline) async -> Bool {
        let pause = query.heartbeat ?? end.rest
        return await withTaskGroup { group in
            group.addTask {
                await database.changed.wait(beyond: version)
                return false
            }
            group.addTask {
                // Cut short when the change comes first.
                try? await clock.sleep(for: pause)
                return true
            }
            defer { group.cancelAll() }
            let first = await group.next() ?? false
            return first && query.heartbeat != nil
        }
    }

    private func since() -> Int { query.since ?? database.updateSequence }

    private func batch(after position: Int, limit: Int) -> ChangesBatch {
        database.read { $0.changes(after: position, limit: limit, query: query, sequences: database.sequences) }
    }

    private func pending(_ number: Int) -> OrderedJSON { hidesPending ? .null : .integer(number) }

    private static let opening = Array("{\"results\":[\n".utf8)

    private func rows(_ rows: [[UInt8]], isFirst: Bool) -> [UInt8] { Array(rows.joined(separator: Array(",\n".utf8))) }

    private func end(of batch: ChangesBatch) -> [UInt8] {
        let last = "\n],\n\"last_seq\":\(database.sequences.json(batch.last).text)"
        return Array("\(last)\(isNumeric ? "" : ",\"pending\":\(pending(batch.pending).text)")}\n".utf8)
    }
}

/// A moment by some clock.
struct Deadline: Sendable {
    private let remaining: @Sendable () -> Duration

    init(clock: some Clock<Duration>, after duration: Duration) {
        let end = clock.now.advanced(by: duration)
        remaining = { clock.now.duration(to: end) }
    }

    var rest: Duration { max(.zero, remaining()) }
    var isOver: Bool { rest == .zero }
}
