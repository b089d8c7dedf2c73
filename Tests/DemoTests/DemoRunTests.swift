import CouchSim
import Synchronization
import Testing

@testable import Demo

@Suite("The demo")
struct DemoRunTests {
    @Test func isToldToItsEndOnSimulatedServers() async throws {
        let output = Mutex("")
        try await DemoRun(.simulated) { text in output.withLock { $0 += text } }.run()
    }
}
