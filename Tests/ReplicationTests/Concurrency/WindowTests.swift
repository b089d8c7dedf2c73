import Testing

@testable import Replication

@Suite struct WindowTests {
    private let limits = Window.Limits(
        batch: 100, parallelism: 4, firstPause: .seconds(1), longestPause: .seconds(8))

    @Test func growsWhileCallsAreQuick() {
        var window = Window(limits)
        #expect(window.batch == 50)
        window.succeeded(items: 50, in: .milliseconds(100))
        #expect(window.batch == 100)
        window.succeeded(items: 100, in: .milliseconds(100))
        #expect(window.batch == 100, "never beyond its limit")
    }

    @Test func halvesAfterAFailureAndRecovers() {
        var window = Window(limits)
        window.failed()
        #expect(window.parallelism == 2 && window.batch == 25 && window.pause == .seconds(1))
        for _ in 0..<10 { window.failed() }
        #expect(window.parallelism == 1 && window.batch == 1 && window.pause == .seconds(8))
        for _ in 0..<40 { window.succeeded(items: window.batch, in: .milliseconds(10)) }
        #expect(window.parallelism == 4 && window.batch == 100 && window.pause == .zero)
    }

    @Test func takesFewerCallsAtATimeWhenTheyGetSlow() {
        var window = Window(limits)
        for _ in 0..<20 { window.succeeded(items: 100, in: .milliseconds(200)) }
        for _ in 0..<40 { window.succeeded(items: 100, in: .seconds(5)) }
        #expect(window.parallelism == 1)
    }

    @Test func makesSmallerBatchesWhenOneTakesVeryLong() {
        var window = Window(limits)
        window.succeeded(items: 50, in: .seconds(30))
        #expect(window.batch == 25)
    }
}
