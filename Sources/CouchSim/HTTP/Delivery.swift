/// An answer, and what befalls it on its way to the client.
struct Delivery: Sendable {
    var response: SimulatedResponse
    /// The connection is closed without any answer.
    var hangsUp = false
    /// The connection is closed after so many bytes of the body.
    var cut: Int?
    /// The answer stops after so many bytes of the body, and the connection stays open.
    var stall: Int?
    /// The body comes in pieces of so many bytes, with a pause before each.
    var drip: (size: Int, pause: Duration)?
    /// Sleeps, by the server's clock.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Waits until the fault that stalls the answer is taken back.
    var waitForRelief: @Sendable () async throws -> Void = {}

    init(_ response: SimulatedResponse) { self.response = response }

    /// The connection was broken on purpose.
    struct Broken: Error {}

    /// Splits a piece of the body, of which `sent` bytes were sent before, into what is sent and what is done between.
    @concurrent
    func pass(_ bytes: [UInt8], sent: inout Int, write: @concurrent ([UInt8]) async throws -> Void) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            var size = rest.count
            if let stall, sent < stall { size = min(size, stall - sent) }
            if let cut { size = min(size, cut - sent) }
            if let drip {
                try await sleep(drip.pause)
                size = min(size, max(1, drip.size))
            }
            if size > 0 { try await write(Array(rest.prefix(size))) }
            sent += size
            rest = rest.dropFirst(size)
            if let cut, sent >= cut { throw Broken() }
            if let stall, sent == stall { try await waitForRelief() }
        }
    }
}
