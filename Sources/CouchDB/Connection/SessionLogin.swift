import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Secrets

/// `POST /_session`: exchanges user name and password for a cookie.
struct SessionLogin: Sendable {
    let url: ServerURL
    let user: String
    let password: Secret
    let transport: HTTPTransport
    let timeout: Duration

    /// Logs in once.
    ///
    /// The request that needs the cookie decides about retries.
    ///
    /// - Throws: ``CouchError``: `unauthorized` for wrong credentials, `unsupported` where there are no sessions;
    ///   or `CancellationError`.
    func run() async throws -> SessionCookie {
        do {
            return try await logIn(authorization: [:])
        } catch let error as CouchError where error.isLoginRequired && !user.contains(":") {
            // Only then: a wrong password that is sent twice may count twice where an account is locked.
            let basic = Authorization.basic(user: user, password: password)
            return try await logIn(authorization: ["Authorization": basic.reveal()])
        }
    }

    private func logIn(authorization: HTTPHeaders) async throws -> SessionCookie {
        // A form is understood by every version; JSON is not.
        let form = PercentEncoding.form(["name": user, "password": password.reveal()])
        let request = CouchRequest(
            .post, ["_session"],
            body: .bytes(ByteBuffer(string: form), contentType: "application/x-www-form-urlencoded"))
        let shown = request.shown(on: url)
        do {
            let response = try await transport.open(
                request.httpRequest(on: url, authorization: authorization), shown: shown, within: timeout,
                isPatient: false)
            let body = try await read(response, shown: shown)
            let answer = Answer(status: Int(response.status.code), headers: response.headers, body: body)
            guard answer.status < 300 else { throw refusal(answer, shown) }
            guard let cookie = response.headers["Set-Cookie"].compactMap(SessionCookie.init(header:)).first else {
                throw CouchError(
                    .notCouchDB, "the login was answered without an AuthSession cookie; does a proxy take it away?",
                    request: shown, status: answer.status)
            }
            return cookie
        } catch let failure as TransportFailure {
            throw failure.error
        }
    }

    private func read(_ response: HTTPClientResponse, shown: String) async throws -> ByteBuffer {
        do {
            return try await response.body.collect(upTo: 64 << 10)
        } catch {
            try Task.checkCancellation()
            throw TransportFailure(error, phase: .insideAnswer, request: shown)
        }
    }

    private func refusal(_ answer: Answer, _ shown: String) -> CouchError {
        let error = CouchError(answer: answer, request: shown)
        guard error.error != nil else {
            // A proxy's page: without `/_session` it may let CouchDB's user in all the same.
            return [401, 403, 404, 405].contains(answer.status) ? error.adding(CouchError.basicInstead) : error
        }
        guard [404, 405, 501].contains(answer.status) else { return error }
        return CouchError(
            .unsupported, "the server has no sessions at /_session; log in with basic authentication instead",
            request: shown, status: answer.status, error: error.error, reason: error.reason)
    }
}
