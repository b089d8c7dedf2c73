import CouchDB
import CouchSim
import Foundation
import NIOHTTP1
import Testing

/// Asks a server, and writes down what it answers, without what differs from run to run.
actor Transcript {
    nonisolated let server: Contestant
    private(set) var steps: [JSONValue] = []
    private let normalizer: Normalizer

    init(_ server: Contestant, others: [Contestant] = []) {
        self.server = server
        normalizer = Normalizer(servers: [server] + others)
    }

    /// Who asks.
    enum Asker: Sendable {
        case administrator
        case nobody
        case user(String, password: String)
    }

    /// Asks and writes down.
    @discardableResult
    func ask(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, text: String? = nil,
        as asker: Asker = .administrator,
        headers: [String: String] = [:]
    ) async throws -> RawClient.Answer {
        let answer = try await client(asker).send(method, path, body, text: text, headers: headers)
        var step: [String: JSONValue] = [
            "request": .string("\(method.rawValue) \(normalizer.text(path))"),
            "status": .integer(Int64(answer.status)), "body": normalizer.normalized(answer.body),
        ]
        if case .nobody = asker { step["as"] = .null }
        if case .user(let name, _) = asker { step["as"] = .string(name) }
        steps.append(.object(step))
        return answer
    }

    /// Asks without writing down.
    @discardableResult
    func prepare(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil) async throws -> RawClient.Answer {
        let answer = try await server.client.send(method, path, body)
        if answer.status >= 400 { Issue.record("\(method) \(path) was refused: \(answer)") }
        return answer
    }

    /// Writes something down that isn't an answer.
    func note(_ name: String, _ value: JSONValue) {
        steps.append(["note": .string(name), "value": normalizer.normalized(value)])
    }

    /// Asks until the answer is as it should be, and writes that down; another process's progress can only be polled.
    @discardableResult
    func wait(
        _ path: String, until isDone: @Sendable (RawClient.Answer) -> Bool, orEnd limit: Duration = .seconds(40)
    ) async throws -> RawClient.Answer {
        var answer = try await server.client.send(.GET, path)
        let came = try await eventually(within: limit) {
            if isDone(answer) { return true }
            answer = try await server.client.send(.GET, path)
            return isDone(answer)
        }
        guard came else {
            Issue.record("\(path) never came to what was waited for: \(answer)")
            return answer
        }
        return try await ask(.GET, path)
    }

    private func client(_ asker: Asker) -> RawClient {
        switch asker {
        case .administrator: server.client
        case .nobody: server.client.asking(as: nil)
        case .user(let name, let password): server.client.asking(as: name, password: password)
        }
    }
}
