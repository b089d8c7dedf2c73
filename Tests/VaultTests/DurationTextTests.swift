import Testing
import Vault

@Suite("Durations as people write them")
struct DurationTextTests {
    @Test(
        "Read, and written again",
        arguments: [
            ("90s", 90, "90s"), ("30m", 1800, "30m"), ("2h", 7200, "2h"), ("24h", 86_400, "1d"),
            ("2w", 1_209_600, "14d"), ("1h30m", 5400, "90m"), ("1w2d3h4m5s", 788_645, "788645s"),
        ])
    func both(text: String, seconds: Int, written: String) throws {
        let duration = try #require(DurationText.parse(text))
        #expect(duration == .seconds(seconds))
        #expect(DurationText.text(duration) == written)
    }

    @Test(
        "What is none",
        arguments: ["", "7", "d", "0d", "0s", "-1d", "30m1h", "1h 30m", "1.5h", "1y", "36526d", "100y"])
    func others(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test("More than a hundred years is a slip, also as a sum")
    func tooLong() {
        #expect(DurationText.parse("36525d") == .seconds(36_525 * 86_400))
        #expect(DurationText.parse("36525d1s") == nil)
        #expect(DurationText.parse("99999999999999999999d") == nil)
    }
}
