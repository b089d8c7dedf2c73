import CouchDB
import Foundation
import Replication

/// Sends a changes feed.
///
/// Nothing is held but one page of rows, and of their documents those that are read together.
struct ChangesFeed {
    private static let pageSize = 500

    private let database: ServedDatabase
    private let query: ChangesQuery
    private let clock = ContinuousClock()
    private var position: UpdateSequence
    private var isAtEnd = true
    /// How many rows were sent.
    private var sent = 0
    /// When the last row was sent, and the last sign of life.
    private var lastRow: ContinuousClock.Instant
    private var lastBeat: ContinuousClock.Instant

    /// - Parameter start: where the feed begins.
    init(_ database: ServedDatabase, query: ChangesQuery, start: UpdateSequence) {
        self.database = database
        self.query = query
        position = start
        lastRow = clock.now
        lastBeat = lastRow
    }

    private var replica: any ServableReplica { database.replica }

    mutating func send(to output: inout BodyOutput, first: ChangeRows) async throws {
        switch query.mode {
        case .normal, .longpoll:
            try await output.write("{\"results\":[\n")
            if try await sendRows(of: first, to: &output), query.mode == .longpoll { try await waitForRow(&output) }
            try await output.write(try await end("\n],\n").bytes)
        case .continuous, .eventSource:
            if try await sendRows(of: first, to: &output) {
                while !isFull, try await waitForRows(&output) {}
            }
            if query.mode == .continuous { try await output.write(try await end("{").bytes) }
        }
    }

    /// Where the feed ended, as its last members.
    private func end(_ begin: StaticString) async throws -> JSONText {
        var text = JSONText(begin)
        text.append("\"last_seq\":")
        text.append(value: position.value)
        text.append(",\"pending\":")
        text.append(isAtEnd ? 0 : try await replica.pendingChanges(since: position))
        text.append("}\n")
        return text
    }

    private var isFull: Bool { query.limit.map { sent >= $0 } ?? false }

    /// The size of the next page.
    static func pageSize(limit: Int?, sent: Int = 0) -> Int { min(pageSize, limit.map { $0 - sent } ?? pageSize) }

    private var nextPageSize: Int { Self.pageSize(limit: query.limit, sent: sent) }

    /// Sends a page and all that come behind it, to the end of the feed.
    ///
    /// - Returns: false where the client waits no longer, since of all that was read nothing was for it.
    private mutating func sendRows(of first: ChangeRows, to output: inout BodyOutput) async throws -> Bool {
        var page = first
        while true {
            // A page can be without rows where its documents have changed since it was found.
            let hasMoved = !page.rows.isEmpty || page.lastSequence != position
            (position, isAtEnd) = (page.lastSequence, page.isAtEnd)
            let before = sent
            try await send(page.rows, to: &output)
            if sent > before { lastRow = clock.now }
            guard hasMoved, !isFull, !isAtEnd else { return true }
            guard try await showLife(&output) || sent > before else { return false }
            page = try await replica.changeRows(since: position, limit: nextPageSize, patience: nil)
        }
    }

    /// Sends a heartbeat where one is due; false where the client asked for none, and waits no longer.
    private mutating func showLife(_ output: inout BodyOutput) async throws -> Bool {
        guard let heartbeat = query.heartbeat else {
            return query.mode == .normal || lastRow.duration(to: clock.now) < query.timeout
        }
        if lastBeat.duration(to: clock.now) >= heartbeat { try await sendHeartbeat(&output) }
        return true
    }

    private mutating func sendHeartbeat(_ output: inout BodyOutput) async throws {
        try await output.write(query.mode == .eventSource ? "event: heartbeat\ndata: \n\n" : "\n")
        try await output.flush()
        lastBeat = clock.now
    }

    /// Waits until a row was sent, or long enough.
    private mutating func waitForRow(_ output: inout BodyOutput) async throws {
        while sent == 0, !isFull, try await waitForRows(&output) {}
    }

    /// Waits for changes and sends them; false where it is time to end.
    private mutating func waitForRows(_ output: inout BodyOutput) async throws -> Bool {
        try await output.flush()
        let end = clock.now + query.timeout
        while true {
            let start = clock.now
            let patience = query.heartbeat ?? max(.zero, start.duration(to: end))
            let page = try await replica.changeRows(since: position, limit: nextPageSize, patience: patience)
            if !page.rows.isEmpty {
                let before = sent
                let isAwaited = try await sendRows(of: page, to: &output)
                try await output.flush()
                guard isAwaited else { return false }
                if sent > before { return true }
            } else {
                // A replica that can't change any more answers at once.
                try await clock.sleep(until: start + patience)
            }
            guard query.heartbeat != nil else {
                if clock.now >= end { return false }
                continue
            }
            try await sendHeartbeat(&output)
        }
    }

    private mutating func send(_ rows: [ChangeRow], to output: inout BodyOutput) async throws {
        let rows = rows.filter { query.takes(DocumentID($0.id)) }
        guard let form = query.form else {
            for row in rows { try await send(row, document: nil, to: &output) }
            return
        }
        let documents = RowDocuments(database: database, form: form, hasConflicts: query.hasConflicts)
        let winners = rows.map { row in
            row.revisions.first.map { OrderedFetch.Item(id: DocumentID(row.id), revision: $0) }
        }
        try await documents.read(winners) { place, document in
            try await send(rows[place], document: document, to: &output)
        }
    }

    private mutating func send(_ row: ChangeRow, document: RenderedDocument?, to output: inout BodyOutput) async throws
    {
        var text = JSONText()
        switch query.mode {
        case .normal, .longpoll: if sent > 0 { text.append(",\n") }
        case .continuous: break
        case .eventSource: text.append("data: ")
        }
        text.append("{\"seq\":")
        let sequence = sent % query.sequenceInterval == 0 ? row.sequence?.value ?? .null : .null
        text.append(value: sequence)
        text.append(",\"id\":")
        text.append(string: row.id)
        text.append(",\"changes\":[")
        for (index, revision) in row.revisions.prefix(query.hasAllLeaves ? .max : 1).enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"rev\":")
            text.append(string: revision.description)
            text.append("}")
        }
        text.append("]")
        if row.isDeleted { text.append(",\"deleted\":true") }
        if query.form != nil { text.append(",\"doc\":") }
        try await output.write(text.bytes)
        if let document {
            try await output.write(document)
        } else if query.form != nil {
            try await output.write("null")
        }
        try await output.write(end(of: sequence).bytes)
        sent += 1
    }

    /// What stands behind a row.
    private func end(of sequence: JSONValue) -> JSONText {
        switch query.mode {
        case .normal, .longpoll: return JSONText("}")
        case .continuous: return JSONText("}\n")
        case .eventSource:
            var text = JSONText("}\nid: ")
            text.append(value: sequence)
            text.append("\n\n")
            return text
        }
    }
}
