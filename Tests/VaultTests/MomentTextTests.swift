import Foundation
import Testing
import Vault

@Suite struct MomentTextTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func read(_ text: String, in zone: String = "Europe/Berlin") throws -> String? {
        let zone = try #require(TimeZone(identifier: zone))
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return MomentText.date(text, now: Self.now, zone: zone)?.formatted(style)
    }

    @Test(
        "A time means its end",
        arguments: [
            ("2026-11-28T18:15:33Z", "2026-11-28T18:15:33.999Z"), ("2026-11-28 18:15:33 Z", "2026-11-28T18:15:33.999Z"),
            ("2026-11-28T18:15:33.250Z", "2026-11-28T18:15:33.250Z"),
            ("2026-11-28T18:15:33.2Z", "2026-11-28T18:15:33.299Z"),
            ("2026-11-28T18:15:33.250417Z", "2026-11-28T18:15:33.250Z"),
            ("2026-11-28T18:16Z", "2026-11-28T18:16:59.999Z"), ("2026-11-28T19:16+01:00", "2026-11-28T18:16:59.999Z"),
            ("2026-11-28 19:16 +0100", "2026-11-28T18:16:59.999Z"),
            ("2026-11-28T13:46:10-0430", "2026-11-28T18:16:10.999Z"),
            ("2026-11-28 19:16", "2026-11-28T18:16:59.999Z"), ("2026-11-28T19:16:07", "2026-11-28T18:16:07.999Z"),
            ("2026-11-28", "2026-11-28T22:59:59.999Z"), ("  2026-07-01 ", "2026-07-01T21:59:59.999Z"),
        ])
    func ends(text: String, time: String) throws {
        #expect(try read(text) == time)
    }

    @Test(
        "A time that clocks show twice is the later one, one that they never show is told as if they did",
        arguments: [
            ("2026-10-25 02:30", "2026-10-25T01:30:59.999Z"), ("2026-10-25 01:59", "2026-10-24T23:59:59.999Z"),
            ("2026-10-25 03:00", "2026-10-25T02:00:59.999Z"), ("2026-10-25", "2026-10-25T22:59:59.999Z"),
            ("2026-03-29 02:30", "2026-03-29T01:30:59.999Z"), ("2026-03-29", "2026-03-29T21:59:59.999Z"),
        ])
    func clocksAreChanged(text: String, time: String) throws {
        #expect(try read(text) == time)
    }

    @Test("A day ends where its clocks are put back to it")
    func dayThatEndsTwice() throws {
        // At one o'clock of the first of November they are put back to midnight.
        #expect(try read("2026-10-31", in: "America/Havana") == "2026-11-01T03:59:59.999Z")
        #expect(try read("2026-11-01 00:30", in: "America/Havana") == "2026-11-01T05:30:59.999Z")
    }

    @Test(
        "Ages",
        arguments: [
            ("now", 0), ("2h", 7200), ("1w", 604_800), ("1h30m", 5400), ("1d2h3m4s", 93_784), ("90s", 90),
        ])
    func ages(text: String, seconds: Int) {
        #expect(MomentText.date(text, now: Self.now, zone: .gmt) == Self.now - Double(seconds))
    }

    @Test(
        "What is no time",
        arguments: [
            "", "yesterday", "2026-02-30", "2026-13-01", "2026-11-28 24:00", "2026-11-28 12:60", "2026-11-28T18",
            "18:15",
            "2026-11-28T18:15+25:00", "30m1h", "0s", "2", "h", "1y", "99999999999999999999d", "36526d", "2026-11-28Z",
        ])
    func others(text: String) throws {
        #expect(try read(text) == nil)
    }
}
