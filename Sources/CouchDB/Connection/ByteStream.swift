import AsyncHTTPClient
import NIOCore

/// The body of an answer as it comes in, in pieces of any size, with back-pressure down to the socket.
///
/// It can be read once. It ends with a ``CouchError`` where the server goes silent (`timeout`) or closes the connection
/// before the end (`malformed-answer`). Dropping it closes the connection.
public struct ByteStream: AsyncSequence, Sendable {
    /// A piece of the body.
    public typealias Element = ByteBuffer

    let body: HTTPClientResponse.Body
    let request: String

    /// Reads the pieces.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: HTTPClientResponse.Body.AsyncIterator
        let request: String

        /// Returns the next piece, or nil at the body's regular end.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(any Error) -> ByteBuffer? {
            do {
                let piece = try await base.next(isolation: actor)
                // A cancelled body ends like a complete one, which it isn't.
                if piece == nil { try Task.checkCancellation() }
                return piece
            } catch {
                try Task.checkCancellation()
                throw TransportFailure(error, phase: .insideAnswer, request: request).error
            }
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: body.makeAsyncIterator(), request: request)
    }
}
