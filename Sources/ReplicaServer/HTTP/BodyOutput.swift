import AsyncAlgorithms
import Foundation
import NIOCore

/// Takes the pieces of a body, gathers small ones, and waits while the client is slow.
struct BodyOutput: Sendable {
    /// Hands each piece to the connection, and makes the maker of the body wait until it was taken.
    typealias Pieces = AsyncThrowingChannel<ByteBuffer, any Error>

    /// How many bytes are gathered before they are sent.
    private static let capacity = 32 << 10

    /// nil where only the length is wanted.
    private let pieces: Pieces?
    private var buffer = ByteBuffer()
    private var hasBegun = false
    private var length = 0

    init(_ pieces: Pieces?) { self.pieces = pieces }

    /// How many bytes a body has. Makes all of it, a piece at a time, and sends none.
    static func length(of body: @Sendable (inout BodyOutput) async throws -> Void) async throws -> Int {
        var output = BodyOutput(nil)
        try await body(&output)
        try await output.flush()
        return output.length
    }

    /// Makes a body; where that fails, who reads the pieces is told.
    static func produce(
        into pieces: Pieces, by body: @Sendable (inout BodyOutput) async throws -> Void
    ) async {
        var output = BodyOutput(pieces)
        do {
            try await body(&output)
            try await output.flush()
            pieces.finish()
        } catch {
            pieces.fail(error)
        }
    }

    mutating func write(_ bytes: some Sequence<UInt8>) async throws {
        buffer.writeBytes(bytes)
        if buffer.readableBytes >= Self.capacity { try await flush() }
    }

    mutating func write(_ text: String) async throws { try await write(text.utf8) }

    /// Sends what was gathered, for clients that wait for it, and first of all the head: until then a failure can still be
    /// told with its status.
    mutating func flush() async throws {
        guard buffer.readableBytes > 0 || !hasBegun else { return }
        hasBegun = true
        let gathered = buffer
        buffer = ByteBuffer()
        length += gathered.readableBytes
        await pieces?.send(gathered)
        // A channel that nobody reads any more lets everything through.
        try Task.checkCancellation()
    }
}
