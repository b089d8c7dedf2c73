import AsyncAlgorithms
import Foundation
import HTTPTypes
import HummingbirdCore
import Listening
import NIOCore
import Replication

/// Serves replicas read-only over CouchDB's replication protocol.
///
/// Any CouchDB, PouchDB or HTTP client can read and replicate from it. Nothing that it is sent changes a replica: only the
/// checkpoints of others (`_local` documents) are taken, into a store beside.
package struct ReplicaListener: Sendable {
    private let options: ServerOptions
    private let endpoints: Endpoints
    private let failures: FailureNotes

    /// - Parameter onFailure: is told once of each failure of a replica that its client only sees as an answer that fails or
    ///   breaks off, with the request.
    /// - Throws: ``BindingError`` where the options would let anybody read.
    package init(
        _ databases: ServedDatabases, options: ServerOptions,
        localDocuments: any LocalDocumentStore = MemoryLocalDocuments(),
        onFailure: @escaping @Sendable (_ request: String, _ error: any Error) -> Void = { _, _ in }
    ) throws(BindingError) {
        try options.check()
        self.options = options
        failures = FailureNotes(tell: onFailure)
        endpoints = Endpoints(
            databases: databases, uuid: options.uuid, access: options.access, localDocuments: localDocuments)
    }

    /// Listens until the task is cancelled; then the socket and all connections are closed.
    ///
    /// - Parameter onListening: is told the port.
    ///
    /// - Throws: ``BindingError`` where the address or port can't be had.
    package func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        do {
            try await listen(onListening: onListening)
        } catch let error as IOError {
            guard let reason = Self.reason(error.errnoCode) else { throw error }
            throw BindingError(
                code: .unavailableAddress,
                description: "port \(options.port) of \(options.host) can't be listened on: \(reason)")
        } catch is SocketAddressError.UnknownHost {
            throw BindingError(
                code: .unavailableAddress,
                description: "the address \(options.host) is not known: name one of this machine")
        }
    }

    private static func reason(_ number: Int32) -> String? {
        switch number {
        case EADDRINUSE: "another program does; choose another port, or 0 for any free one"
        case EACCES, EPERM: "this user may not; choose one above 1023"
        case EADDRNOTAVAIL: "this machine does not have the address"
        default: nil
        }
    }

    private func listen(onListening: @escaping @Sendable (Int) async -> Void) async throws {
        let configuration = ServerConfiguration(
            address: .hostname(options.host, port: options.port), serverName: "Couchkeep",
            // PouchDB asks for all attachments of a batch at the same time.
            backlog: options.connectionLimit,
            availableConnectionsDelegate: MaximumAvailableConnections(options.connectionLimit))
        let connections = HTTPConnections(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ClientWatch()], idleTimeout: TimeAmount(options.idleTimeout)),
            responder: { request, writer, channel in try await answer(request, writer, channel) })
        try await connections.run(configuration) { channel in
            await onListening(channel.localAddress?.port ?? options.port)
        }
    }

    @concurrent
    private func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        if request.headers[.expect]?.lowercased() == "100-continue" {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        let crossOrigin = CrossOriginAnswer(to: request.method, request.headers, allowed: options.allowedOrigins)
        var fields = crossOrigin.fields
        // Hummingbird closes the connection behind it, and clients that are not told use it again.
        if Self.asksToClose(request.headers[.connection]) { fields[.connection] = "close" }
        let shown = "\(request.method.rawValue) \(request.head.path?.split(separator: "?").first ?? "/")"
        if crossOrigin.isPreflight {
            return try await send(.noContent, with: fields, of: shown, isHead: false, nil, writer)
        }
        let target = Result { () throws(EndpointFailure) in try RequestTarget(request.head.path ?? "/") }
        // A client that goes away while it waits for changes, or for how long a body is, ends the wait.
        let watch: ClientWatch? =
            request.method == .head || Self.mayWait(try? target.get())
            ? try await channel.pipeline.handler(type: ClientWatch.self).get() : nil
        defer { watch?.onGone(nil) }
        let response = await response(to: request, at: target, shown)
        try await send(response, with: fields, of: shown, isHead: request.method == .head, watch, writer)
    }

    private static func asksToClose(_ connection: String?) -> Bool {
        connection?.split(separator: ",").contains {
            $0.trimmingCharacters(in: .whitespaces).lowercased() == "close"
        } ?? false
    }

    private func response(
        to request: Request, at target: Result<RequestTarget, EndpointFailure>, _ shown: String
    ) async -> ServedResponse {
        do {
            var served = ServedRequest(
                method: request.method, target: try target.get(), headers: request.headers, host: request.head.authority
            )
            if let response = try endpoints.respondToHead(of: served) { return response }
            // Nobody knows how long it will be.
            if served.isHead, Self.mayWait(served.target) {
                throw EndpointFailure.methodNotAllowed([.get, .post])
            }
            var bytes = ByteBuffer()
            for try await piece in request.body {
                bytes.writeImmutableBuffer(piece)
                guard bytes.readableBytes <= options.bodyLimit else { throw EndpointFailure.tooLarge }
            }
            served.body = Data(bytes.readableBytesView)
            return try await endpoints.respond(to: served)
        } catch {
            return refusal(error, of: shown)
        }
    }

    /// What is answered where an answer fails before anything of it was sent.
    private func refusal(_ error: any Error, of shown: String) -> ServedResponse {
        failures.note(error, of: shown)
        return EndpointFailure(error).response
    }

    /// - Parameter fields: what the head says besides, also that of a failure that takes the answer's place.
    @concurrent
    private func send(
        _ response: ServedResponse, with fields: HTTPFields, of shown: String, isHead: Bool, _ watch: ClientWatch?,
        _ writer: consuming ResponseWriter
    ) async throws {
        var head = HTTPResponse(status: .init(code: response.status), headerFields: response.headers)
        for field in fields { head.headerFields[field.name] = field.value }
        switch response.body {
        case .bytes(let bytes):
            head.headerFields[.contentLength] = String(bytes.count)
            // NIO takes the length out of a 204 or 304 again.
            if isHead || bytes.isEmpty { return try await writer.writeResponse(head) }
            try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let length, let produce):
            if let length { head.headerFields[.contentLength] = String(length) }
            if isHead {
                do {
                    // Without it the end of a chunked body would follow, which clients take for the beginning of the next answer.
                    if length == nil {
                        head.headerFields[.contentLength] = String(try await self.length(of: produce, watch))
                    }
                } catch  where !(error is CancellationError) {
                    return try await send(
                        refusal(error, of: shown), with: fields, of: shown, isHead: true, nil, writer)
                }
                return try await writer.writeResponse(head)
            }
            let pieces = BodyOutput.Pieces()
            watch?.onGone { pieces.fail(CancellationError()) }
            async let production: Void = BodyOutput.produce(into: pieces, by: produce)
            var iterator = pieces.makeAsyncIterator()
            var piece: ByteBuffer?
            do {
                piece = try await iterator.next()
            } catch  where !(error is CancellationError) {
                // Nothing was sent yet, and the client can be told.
                return try await send(refusal(error, of: shown), with: fields, of: shown, isHead: false, nil, writer)
            }
            var body = try await writer.writeHead(head)
            while let next = piece {
                try await body.write(next)
                do {
                    piece = try await iterator.next()
                } catch {
                    failures.note(error, of: shown)
                    throw error
                }
            }
            // A cancelled channel ends like a complete one, and the body would look whole.
            try Task.checkCancellation()
            await production
            try await body.finish(nil)
        }
    }

    /// How long a body is; ends with an error where the client goes away meanwhile.
    private func length(
        of produce: @escaping @Sendable (inout BodyOutput) async throws -> Void, _ watch: ClientWatch?
    ) async throws -> Int {
        let (gone, tell) = AsyncStream.makeStream(of: Never.self)
        watch?.onGone { tell.finish() }
        return try await withThrowingTaskGroup(of: Int?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await BodyOutput.length(of: produce) }
            group.addTask {
                for await _ in gone {}
                return nil
            }
            guard let length = try await group.next() ?? nil else { throw CancellationError() }
            return length
        }
    }

    private static func mayWait(_ target: RequestTarget?) -> Bool {
        guard let target, target.parts.dropFirst().first == "_changes", let feed = target.query["feed"] else {
            return false
        }
        return ["longpoll", "continuous", "live", "eventsource"].contains(feed)
    }
}
