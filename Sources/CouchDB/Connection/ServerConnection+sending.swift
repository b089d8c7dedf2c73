import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

extension ServerConnection {
    /// Sends a control request and reads the whole answer, within the configured time, size and number of requests.
    func answer(to request: CouchRequest) async throws -> Answer {
        try await limit.run {
            let deadline = pacing.now() + configuration.requestTimeout
            return try await send(request, until: deadline, waitsForBusyServer: true) { response, shown in
                try await collect(response, limit: configuration.maximumAnswerSize, until: deadline, shown: shown)
            }
        }
    }

    /// Sends a control request whose answer may take very long, such as a one-shot replication; it is sent once.
    func lateAnswer(to request: CouchRequest, within time: Duration) async throws -> Answer {
        let deadline = pacing.now() + time
        return try await send(request, until: deadline, isPatient: true) { response, shown in
            try await collect(response, limit: configuration.maximumAnswerSize, until: deadline, shown: shown)
        }
    }

    /// Sends a request whose body is a stream, for which no time can be set; it is sent once.
    ///
    /// A server that takes no more bytes ends it by way of TCP, one that doesn't answer behind the last byte by way of the
    /// read timeout.
    func upload(_ request: CouchRequest) async throws -> Answer {
        let deadline = pacing.now() + .seconds(24 * 3600)
        return try await send(request, until: deadline) { response, shown in
            try await collect(response, limit: configuration.maximumAnswerSize, until: deadline, shown: shown)
        }
    }

    /// Sends a request and returns its head and the stream of its body; the body has no limit on its time or size.
    func stream(_ request: CouchRequest) async throws -> (headers: HTTPHeaders, body: ByteStream) {
        try await send(request, until: pacing.now() + configuration.requestTimeout) { response, shown in
            (response.headers, ByteStream(body: response.body, request: shown))
        }
    }

    /// Sends until it succeeds or the policy gives up; `receive` sees good answers only.
    private func send<R>(
        _ request: CouchRequest, until deadline: ContinuousClock.Instant, isPatient: Bool = false,
        waitsForBusyServer: Bool = false,
        receive: (HTTPClientResponse, _ shown: String) async throws -> R
    ) async throws -> R {
        var policy = RetryPolicy(configuration)
        policy.waitsForBusyServer = waitsForBusyServer
        let shown = request.shown(on: url)
        // Without this, deleting a document with an empty id would delete its database.
        guard !request.path.contains("") else {
            throw CouchError(.invalidInput, "a part of the path is empty", request: shown)
        }
        var retries = 0
        var rejectedSession: SessionCookie?
        while true {
            let failure: CouchError
            let outcome: RetryPolicy.Outcome
            do {
                let credentials = try await credentials(insteadOf: rejectedSession)
                let response = try await transport.open(
                    request.httpRequest(on: url, authorization: credentials.headers), shown: shown,
                    within: max(pacing.now().duration(to: deadline), .milliseconds(1)), isPatient: isPatient)
                let status = Int(response.status.code)
                if status < 300 || request.goodStatuses.contains(status) { return try await receive(response, shown) }
                let answer = try await collectBeginning(of: response, shown: shown)
                if answer.status == 401, let session = credentials.session, rejectedSession == nil, !request.isStream {
                    rejectedSession = session
                    continue
                }
                failure = try await explained(
                    CouchError(answer: answer, request: shown), sentWith: credentials, isFresh: rejectedSession != nil)
                outcome = .answered(
                    status: answer.status,
                    retryAfter: RetryAfter.duration(header: answer.headers.first(name: "Retry-After"), now: Date()))
            } catch let broken as TransportFailure {
                failure = broken.error
                outcome = .failed(broken.error.code, wasSent: broken.wasSent || request.isStream)
            }
            let decision = policy.decision(
                after: outcome, retries: retries, isIdempotent: request.isIdempotent && !request.isStream,
                random: pacing.random(), remaining: pacing.now().duration(to: deadline))
            guard case .retry(let pause) = decision else { throw failure }
            retries += 1
            try await pacing.sleep(pause)
        }
    }

    /// A login that failed counts as a try in which the request itself was not sent.
    private func credentials(insteadOf rejected: SessionCookie?) async throws -> Authorization.Credentials {
        do {
            return try await authorization.credentials(insteadOf: rejected)
        } catch let error as CouchError {
            throw TransportFailure(notSent: error)
        }
    }

    /// Reads as much of an error's body as can matter; a long page is no reason to lose its status.
    func collectBeginning(of response: HTTPClientResponse, shown: String) async throws -> Answer {
        var body = ByteBuffer()
        do {
            for try await var piece in response.body {
                body.writeBuffer(&piece)
                if body.readableBytes > 64 << 10 { break }
            }
            try Task.checkCancellation()
        } catch {
            try Task.checkCancellation()
            throw TransportFailure(error, phase: .insideAnswer, request: shown)
        }
        return Answer(status: Int(response.status.code), headers: response.headers, body: body)
    }

    /// Reads a body to its end.
    private func collect(
        _ response: HTTPClientResponse, limit: Int, until deadline: ContinuousClock.Instant, shown: String
    ) async throws -> Answer {
        var body = ByteBuffer()
        do {
            for try await var piece in response.body {
                guard body.readableBytes + piece.readableBytes <= limit else {
                    throw CouchError(
                        .answerTooLarge, "the answer is larger than \(limit) bytes", request: shown,
                        status: Int(response.status.code))
                }
                body.writeBuffer(&piece)
                // Silence is ended by the read timeout; this ends an answer that drips.
                guard pacing.now() < deadline else {
                    throw CouchError(
                        .timeout, "the answer did not end within the time for the request", request: shown)
                }
            }
            try Task.checkCancellation()
        } catch {
            try Task.checkCancellation()
            throw TransportFailure(error, phase: .insideAnswer, request: shown)
        }
        return Answer(status: Int(response.status.code), headers: response.headers, body: body)
    }
}

extension CouchRequest {
    /// Whether the body can be sent only once.
    var isStream: Bool {
        if case .stream = body { true } else { false }
    }
}
