import Alerting
import Foundation
import GRDB
import Supervision

/// The ledger of what was told and the outbox, in the state database.
package struct StoredAlerts: AlertStore {
    private let state: StateDatabase

    package init(_ state: StateDatabase) { self.state = state }

    /// Makes the tables; to be given to the state database when it is opened.
    package static func migrate(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("alerting-1") { database in
            try database.create(table: "alert_ledger") { table in
                table.primaryKey("id", .integer)
                table.column("ledger", .blob).notNull()
            }
            try database.create(table: "outbox") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("channel", .text).notNull()
                table.column("message", .text).notNull()
                table.column("entry", .blob).notNull()
                table.uniqueKey(["channel", "message"])
            }
            try database.create(table: "channel_status") { table in
                table.primaryKey("channel", .text)
                table.column("status", .blob).notNull()
            }
        }
    }

    package func ledger() async throws -> Ledger {
        try await state.reading { database in
            try Data.fetchOne(database, sql: "SELECT ledger FROM alert_ledger WHERE id = 1")
                .map { try JSONDecoder().decode(Ledger.self, from: $0) } ?? Ledger()
        }
    }

    package func commit(_ ledger: Ledger, message: Message?, for channels: [String], at time: Date) async throws {
        try await state.writing { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO alert_ledger (id, ledger) VALUES (1, ?)",
                arguments: [try JSONEncoder().encode(ledger)])
            if let message { try Self.enqueue(message, for: channels, at: time, database) }
        }
    }

    package func enqueue(_ message: Message, for channels: [String], at time: Date) async throws {
        try await state.writing { try Self.enqueue(message, for: channels, at: time, $0) }
    }

    private static func enqueue(_ message: Message, for channels: [String], at time: Date, _ database: Database) throws
    {
        for channel in channels { try append(OutboxEntry(message, for: channel, at: time), database) }
    }

    private static func append(_ entry: OutboxEntry, _ database: Database) throws {
        try database.execute(
            sql: "INSERT OR IGNORE INTO outbox (channel, message, entry) VALUES (?, ?, ?)",
            arguments: [entry.channel, entry.message.id, try JSONEncoder().encode(entry)])
    }

    package func waiting(for channel: String, limit: Int) async throws -> [OutboxEntry] {
        try await state.reading { database in
            try Data.fetchAll(
                database,
                sql: """
                    SELECT entry FROM outbox WHERE channel = ? \
                    ORDER BY json_type(CAST(entry AS TEXT), '$.rest') IS NOT NULL, id LIMIT ?
                    """, arguments: [channel, limit]
            ).map { try JSONDecoder().decode(OutboxEntry.self, from: $0) }
        }
    }

    package func markSent(
        _ ids: [OutboxEntry.ID], at time: Date, warning: DeliveryError?, rest: OutboxEntry?
    ) async throws {
        try await state.writing { database in
            for id in ids {
                try Self.remove(id, database)
                try Self.change(id.channel, database) { $0.sent(at: time, warning: warning) }
            }
            if let rest { try Self.append(rest, database) }
        }
    }

    package func markFailed(
        _ id: OutboxEntry.ID, error: DeliveryError, at time: Date, nextAttempt: Date
    ) async throws {
        try await state.writing { database in
            if let data = try Data.fetchOne(
                database, sql: "SELECT entry FROM outbox WHERE channel = ? AND message = ?",
                arguments: [id.channel, id.message])
            {
                var entry = try JSONDecoder().decode(OutboxEntry.self, from: data)
                entry.fail(error, nextAttempt: nextAttempt)
                try database.execute(
                    sql: "UPDATE outbox SET entry = ? WHERE channel = ? AND message = ?",
                    arguments: [try JSONEncoder().encode(entry), id.channel, id.message])
            }
            try Self.change(id.channel, database) { $0.failed(error, at: time) }
        }
    }

    package func markGivenUp(_ entry: OutboxEntry, error: DeliveryError, at time: Date) async throws {
        try await state.writing { database in
            try Self.remove(entry.id, database)
            try Self.change(entry.channel, database) { $0.gaveUp(entry.message, error, at: time) }
        }
    }

    package func status(of channel: String) async throws -> ChannelStatus {
        try await state.reading { database in
            var status = try Self.status(of: channel, database)
            status.waiting =
                try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM outbox WHERE channel = ?", arguments: [channel]) ?? 0
            return status
        }
    }

    /// Notes how a channel without an outbox did, such as the heartbeat.
    package func note(_ channel: String, _ change: @escaping @Sendable (inout ChannelStatus) -> Void) async throws {
        try await state.writing { try Self.change(channel, $0, change) }
    }

    private static func remove(_ id: OutboxEntry.ID, _ database: Database) throws {
        try database.execute(
            sql: "DELETE FROM outbox WHERE channel = ? AND message = ?", arguments: [id.channel, id.message])
    }

    private static func status(of channel: String, _ database: Database) throws -> ChannelStatus {
        try Data.fetchOne(database, sql: "SELECT status FROM channel_status WHERE channel = ?", arguments: [channel])
            .map { try JSONDecoder().decode(ChannelStatus.self, from: $0) } ?? ChannelStatus(channel: channel)
    }

    private static func change(
        _ channel: String, _ database: Database, _ change: (inout ChannelStatus) -> Void
    ) throws {
        var status = try status(of: channel, database)
        change(&status)
        try database.execute(
            sql: "INSERT OR REPLACE INTO channel_status (channel, status) VALUES (?, ?)",
            arguments: [channel, try JSONEncoder().encode(status)])
    }
}
