import Foundation
import Testing

/// Answers of a CouchDB 3.5.0, byte for byte; `Fixtures/index.json` tells the request of each.
enum Fixture {
    private struct Index: Decodable {
        struct Answer: Decodable { var contentType: String }
        var answers: [String: Answer]
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Fixtures")
        return Array(try Data(contentsOf: folder.appending(path: name)))
    }

    /// The Content-Type that the answer came with.
    static func contentType(_ name: String) throws -> String {
        let index = try JSONDecoder().decode(Index.self, from: Data(bytes("index.json")))
        return try #require(index.answers[name]).contentType
    }
}
