import NIOCore
import NIOHTTP1

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
    /// Makes a scanner for an answer with this `Content-Type`.
    let makeScanner: @Sendable (_ contentType: String?) throws(CouchError) -> Scanner
    /// The most bytes that are read.
    private var sizeLimit: Int?

    init(
        server: ServerConnection, request: CouchRequest,
        makeScanner: @escaping @Sendable (_ contentType: String?) throws(CouchError) -> Scanner
    ) {
        self.server = server
        self.request = request
        self.makeScanner = makeScanner
    }

    /// The same answer, whose iteration ends with a ``CouchError`` of code `answer-too-large` once more bytes have come.
    ///
    /// - Parameter size: the most bytes; nil for any number.
    package func limited(to size: Int?) -> AnswerStream {
        var limited = self
        limited.sizeLimit = size
        return limited
    }

    /// Reads the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private enum State {
            case notSent
            case reading(ByteStream.AsyncIterator)
            case ended
        }

        private let stream: AnswerStream
        private var state = State.notSent
        /// Apart from the state, so that it is changed in its place and not copied.
        private var scanner: Scanner?
        private var received = 0

        init(_ stream: AnswerStream) { self.stream = stream }

        /// Returns the next event, or nil behind the last one of a complete answer.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(any Error) -> Scanner.Event? {
            do {
                return try await nextEvent(isolation: actor)
            } catch {
                (state, scanner) = (.ended, nil)
                guard let error = error as? CouchError else { throw error }
                throw error.naming(stream.request.shown(on: stream.server.url))
            }
        }

        /// Returns the next event with those behind it that have arrived already; none behind the last one of a complete
        /// answer.
        ///
        /// For long answers of short events, which take half of the time when they are taken together.
        ///
        /// - Parameter limit: the most that are returned.
        public mutating func nextEvents(
            atMost limit: Int, isolation actor: isolated (any Actor)? = #isolation
        ) async throws(any Error) -> [Scanner.Event] {
            guard let first = try await next(isolation: actor) else { return [] }
            var events = [first]
            do {
                while events.count < limit, let event = try scanner?.next() { events.append(event) }
            } catch {
                (state, scanner) = (.ended, nil)
                throw error.naming(stream.request.shown(on: stream.server.url))
            }
            return events
        }

        private mutating func nextEvent(isolation actor: isolated (any Actor)?) async throws -> Scanner.Event? {
            while true {
                if let event = try scanner?.next() { return event }
                switch state {
                case .notSent:
                    let (headers, body) = try await stream.server.stream(stream.request)
                    scanner = try stream.makeScanner(headers.first(name: "Content-Type"))
                    state = .reading(body.makeAsyncIterator())
                case .reading(var bytes):
                    guard let piece = try await bytes.next(isolation: actor) else {
                        try scanner?.finish()
                        (state, scanner) = (.ended, nil)
                        return nil
                    }
                    state = .reading(bytes)
                    received += piece.readableBytes
                    if let limit = stream.sizeLimit, received > limit {
                        throw CouchError(.answerTooLarge, "the answer is larger than \(limit) bytes")
                    }
                    scanner?.append(piece.readableBytesView)
                case .ended:
                    return nil
                }
            }
        }
    }

    /// Begins to read; nothing is sent yet.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
