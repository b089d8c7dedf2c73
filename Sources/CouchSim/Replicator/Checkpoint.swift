import Foundation
import NIOHTTP1

/// The checkpoint of a run on both sides: read at its start, written as it goes on.
struct Checkpoint: Sendable {
    var progress: JobProgress
    /// Whether `use_checkpoints` is left on.
    var isKept = true

    private let id: String
    private let source: RemoteDatabase
    private let target: RemoteDatabase
    private let sourceTime: OrderedJSON
    private let targetTime: OrderedJSON
    private let flavour: Flavour
    private let session: String
    private let startTime: Date
    private let startSequence: OrderedJSON
    private let olderHistory: [OrderedJSON]
    private var sourceLog: OrderedJSON?
    private var targetLog: OrderedJSON?
    private var savedSequence: OrderedJSON

    /// Reads both logs and finds the start.
    static func load(
        id: String, source: RemoteDatabase, target: RemoteDatabase, sourceTime: OrderedJSON, targetTime: OrderedJSON,
        flavour: Flavour, now: Date
    ) async throws -> Checkpoint {
        let sourceLog = try await log(id, on: source)
        let targetLog = try await log(id, on: target)
        let start = ReplicationHistory.start(source: sourceLog, target: targetLog)
        return Checkpoint(
            id: id, source: source, target: target, sourceTime: sourceTime, targetTime: targetTime, flavour: flavour,
            now: now, start: start, sourceLog: sourceLog, targetLog: targetLog)
    }

    private init(
        id: String, source: RemoteDatabase, target: RemoteDatabase, sourceTime: OrderedJSON, targetTime: OrderedJSON,
        flavour: Flavour, now: Date, start: ReplicationHistory.Start, sourceLog: OrderedJSON?, targetLog: OrderedJSON?
    ) {
        self.id = id
        self.source = source
        self.target = target
        self.sourceTime = sourceTime
        self.targetTime = targetTime
        self.flavour = flavour
        self.sourceLog = sourceLog
        self.targetLog = targetLog
        session = RevisionHash.hexadecimal((0..<16).map { _ in UInt8.random(in: 0...255) })
        startTime = now
        startSequence = start.sequence
        olderHistory = start.history
        savedSequence = start.sequence
        progress = JobProgress()
        progress.through = start.sequence
        progress.checkpointed = start.sequence
        if flavour.showsJobInfo { progress.counters = ReplicationCounters(historyEntry: start.history.first) }
    }

    /// Whether a save would record something new.
    var hasUnsavedProgress: Bool { isKept && savedSequence != progress.through }

    /// Writes the checkpoint to the source and then to the target, where there is progress since the last one.
    @discardableResult
    mutating func save(now: Date, evenIfUnchanged: Bool = false) async throws -> OrderedJSON {
        guard isKept, hasUnsavedProgress || evenIfUnchanged else { return targetLog ?? log(now: now) }
        try await commit(source, expecting: sourceTime, otherwise: .sourceChanged)
        try await commit(target, expecting: targetTime, otherwise: .targetChanged)
        let new = log(now: now)
        sourceLog = try await put(new, over: sourceLog, on: source, side: "source")
        targetLog = try await put(new, over: targetLog, on: target, side: "target")
        savedSequence = progress.through
        progress.checkpointed = progress.through
        return new
    }

    private func log(now: Date) -> OrderedJSON {
        let entry: [OrderedJSON.Member] =
            [
                .init("session_id", .string(session)), .init("start_time", .string(startTime.httpDate)),
                .init("end_time", .string(now.httpDate)), .init("start_last_seq", startSequence),
                .init("end_last_seq", progress.through), .init("recorded_seq", progress.through),
            ] + progress.counters.recorded(flavour)
        return [
            "session_id": .string(session), "source_last_seq": progress.through,
            "replication_id_version": flavour.isSingleNode ? 3 : 4,
            "history": .array(([.object(entry)] + olderHistory).prefix(50).map { $0 }),
        ]
    }

    private func commit(
        _ database: RemoteDatabase, expecting time: OrderedJSON, otherwise reason: CrashReason
    ) async throws {
        let answer = try await database.send(.POST, "_ensure_full_commit", body: [:])
        guard answer.status == 201, let json = answer.json else {
            throw CrashReason.checkpoint("Failure on \(database.url)_ensure_full_commit: \(answer.status)")
        }
        guard json["instance_start_time"] == time else { throw reason }
    }

    private func put(
        _ log: OrderedJSON, over old: OrderedJSON?, on database: RemoteDatabase, side: String
    ) async throws -> OrderedJSON {
        var body = log
        if let revision = old?["_rev"] { body.append("_rev", revision) }
        let answer = try await database.send(.PUT, "_local/\(id)", body: body)
        guard answer.status == 201, let revision = answer.json?["rev"] else {
            throw CrashReason.checkpoint(
                "Error updating the \(side) checkpoint document: \(answer.json?["error"]?.string ?? "\(answer.status)")"
            )
        }
        var saved = log
        saved.append("_rev", revision)
        return saved
    }

    private static func log(_ id: String, on database: RemoteDatabase) async throws -> OrderedJSON? {
        let answer = try await database.send(.GET, "_local/\(id)")
        switch answer.status {
        case 200: return answer.json
        case 404: return nil
        default: throw CrashReason.checkpoint("Error reading \(database.url)_local/\(id): \(answer.status)")
        }
    }
}

extension Date {
    /// A time as a checkpoint's history has it: `Tue, 24 Nov 2026 07:24:34 GMT`.
    var httpDate: String {
        let style = Date.VerbatimFormatStyle(
            format:
                "\(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT",
            locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        return formatted(style)
    }

    /// A time as the scheduler shows it: `2026-11-24T07:24:34Z`.
    var couchTime: String { formatted(.iso8601) }
}
