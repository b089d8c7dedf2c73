import Foundation
import Testing

@testable import CouchDB

/// Answers of a real CouchDB 3.5.0, by request.
struct Recording: Sendable {
    /// One request and its answer.
    struct Call: Sendable {
        var method: String
        var path: String
        var status: Int
        var body: JSONValue
    }

    var calls: [Call]

    init(_ name: String) throws {
        let url = try #require(Bundle.module.resourceURL).appending(path: "Recordings/\(name).json")
        calls = (try JSONValue(parsing: try Data(contentsOf: url))["calls"]?.array ?? []).map { call in
            Call(
                method: call["request"]?["method"]?.string ?? "", path: call["request"]?["path"]?.string ?? "",
                status: call["response"]?["status"]?.integer ?? 0, body: call["response"]?["body"] ?? nil)
        }
        try #require(!calls.isEmpty)
    }

    /// The body of the first answer to a path.
    func body(_ path: String) throws -> JSONValue {
        try #require(calls.first { $0.path == path }, "no \(path)").body
    }

    /// Answers like the recorded server: by the whole target, or without the queries.
    var script: ScriptedServer.Script {
        { request, _ in
            let call =
                calls.last { $0.method == request.method && $0.path == request.target }
                ?? calls.last { $0.method == request.method && $0.path.prefix { $0 != "?" } == request.path }
            guard let call else { return .missing }
            return .answer(call.status, call.body.text)
        }
    }
}
