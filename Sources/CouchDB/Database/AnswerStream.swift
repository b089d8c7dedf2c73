import NIOCore

/// The events of one answer, read while it arrives, with back-pressure down to the socket.
///
/// Nothing is sent before the first event is asked for; each iteration sends the request anew. The request is repeated
/// like any other until an answer begins, but not in the middle of one. Iteration ends with a ``CouchError``: `timeout`
/// where the server goes silent for longer than ``ConnectionConfiguration/readTimeout``, `malformed-answer` where the
/// answer is cut off or broken, and so never looks complete when it isn't. Dropping the iterator, or cancelling the task
/// (`CancellationError`), closes the connection.
public struct AnswerStream<Scanner: AnswerScanner>: AsyncSequence, Sendable {
    /// What the answer consists of.
    public typealias Element = Scanner.Event

    let server: ServerConnection
    let request: CouchRequest
    let scanner: Scanner

    /// Reads the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private enum State {
            case notSent
            case reading(ByteStream.AsyncIterator)
            case ended
        }

        private let server: ServerConnection
        private let request: CouchRequest
        private var scanner: Scanner
        private var state = State.notSent

        init(_ stream: AnswerStream) {
            server = stream.server
            request = stream.request
            scanner = stream.scanner
        }

        /// Returns the next event, or nil behind the last one of a complete answer.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(any Error) -> Scanner.Event? {
            do {
                return try await nextEvent(isolation: actor)
            } catch {
                state = .ended
                guard let error = error as? CouchError else { throw error }
                throw error.naming(request.shown(on: server.url))
            }
        }

        private mutating func nextEvent(isolation actor: isolated (any Actor)?) async throws -> Scanner.Event? {
            while true {
                switch state {
                case .notSent:
                    state = .reading(try await server.stream(request).body.makeAsyncIterator())
                case .reading(var bytes):
                    if let event = try scanner.next() { return event }
                    guard let piece = try await bytes.next(isolation: actor) else {
                        try scanner.finish()
                        state = .ended
                        return nil
                    }
                    state = .reading(bytes)
                    scanner.append(piece.readableBytesView)
                case .ended:
                    return nil
                }
            }
        }
    }

    /// Begins to read; nothing is sent yet.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
