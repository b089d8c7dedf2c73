import ArgumentParser
import Foundation
import Vault

/// Which moment of a backup.
struct MomentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The moment: a time such as 2026-11-20 14:00 (of this machine's zone), 2026-11-20T14:00:00Z, "
                + "2026-11-20T15:00+01:00, the day 2026-11-20, or an age such as 2h, 1w or 1h30m, which mean the newest "
                + "moment that is not later; or a moment's number such as 12.",
            discussion:
                "A time means its end: 14:00 is the whole minute, a day the whole day up to midnight. Where the clocks of "
                + "the zone show a time twice, since daylight saving time ends, the later one is taken; write Z or +01:00 "
                + "for the other one.",
            valueName: "time"))
    var at: String?

    /// The backup as of the moment; the newest one where none was named.
    ///
    /// - Throws: `VaultError` where there is none.
    func moment(of backup: VaultDatabase) async throws -> VaultDatabase {
        guard let at else { return try await backup.atNewest() }
        return try await Self.moment(at, of: backup)
    }

    /// The backup as of the moment that a text names.
    static func moment(_ at: String, of backup: VaultDatabase) async throws -> VaultDatabase {
        // A shell takes what begins with # for a comment.
        let digits = at.hasPrefix("#") ? at.dropFirst() : at[...]
        if !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(digits) {
            return backup.at(try await backup.moment(number))
        }
        guard let time = MomentText.date(at, now: Date(), zone: .current) else {
            throw ValidationError(
                "a moment is a time such as \"2026-11-20 14:00\", 2026-11-20T14:00:00Z, 2026-11-20, 2h or 12, not \"\(at)\""
            )
        }
        return try await backup.at(time)
    }
}
