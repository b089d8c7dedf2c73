import CouchDB
import CouchSim
import Foundation

/// What a shell script with curl would do: the least that any program has to do over HTTP.
struct CurlLoops: Sendable {
    let stage: BenchStage

    /// Reads the feed, then all leaf revisions by `_bulk_get`, 1,000 at a time, 4 requests at a time; keeps the answers.
    func fetchAll(
        _ database: String, on server: LocalCouchDB
    ) async throws -> (seconds: Double, answers: [URL]) {
        let feed = stage.folder.appending(path: "feed.json")
        let feedTime = try await stage.curl(
            config([
                (
                    stage.fullURL(database, on: server) + "/_changes?style=all_docs&seq_interval=10000", nil, feed
                )
            ]))
        let rows = try JSONValue(parsing: Data(contentsOf: feed))["results"]?.array ?? []
        let wanted: [JSONValue] = rows.flatMap { row in
            (row["changes"]?.array ?? []).map { ["id": row["id"] ?? .null, "rev": $0["rev"] ?? .null] }
        }
        var requests: [(String, URL?, URL)] = []
        for start in stride(from: 0, to: wanted.count, by: 1000) {
            let body = stage.folder.appending(path: "get-\(start).json")
            try JSONValue.object(["docs": .array(Array(wanted[start..<min(start + 1000, wanted.count)]))])
                .serialized().write(to: body)
            requests.append(
                (
                    stage.fullURL(database, on: server) + "/_bulk_get?revs=true&latest=true", body,
                    stage.folder.appending(path: "got-\(start).json")
                ))
        }
        let time = try await stage.curl(config(requests))
        return (feedTime.seconds + time.seconds, requests.map(\.2))
    }

    /// Reads feeds as a comparison does, all of them at the same time, and returns the seconds.
    func readFeeds(of databases: [(server: LocalCouchDB, name: String)]) async throws -> Double {
        try await stage.curl(
            config(
                databases.map {
                    (
                        stage.fullURL($0.name, on: $0.server) + "/_changes?style=all_docs&seq_interval=10000", nil,
                        URL(filePath: "/dev/null")
                    )
                })
        ).seconds
    }

    /// Writes what was fetched by `_bulk_docs`, 1,000 at a time, 4 requests at a time.
    func writeAll(_ answers: [URL], to database: String) async throws -> Double {
        var requests: [(String, URL?, URL)] = []
        for (index, file) in answers.enumerated() {
            let body = stage.folder.appending(path: "put-\(index).json")
            try Self.documents(in: file).write(to: body)
            requests.append(
                (stage.fullURL(database, on: stage.target) + "/_bulk_docs", body, URL(filePath: "/dev/null")))
        }
        return try await stage.curl(config(requests)).seconds
    }

    private static func documents(in file: URL) throws -> Data {
        var scanner = BulkGetScanner()
        scanner.append(try Data(contentsOf: file))
        var body = Data(#"{"new_edits":false,"docs":["#.utf8)
        var isFirst = true
        while let event = try scanner.next() {
            guard case .document(let document, _) = event else { continue }
            if !isFirst { body.append(UInt8(ascii: ",")) }
            isFirst = false
            body.append(document)
        }
        body.append(Data("]}".utf8))
        return body
    }

    /// Writes curl's arguments into a file.
    private func config(_ requests: [(url: String, body: URL?, output: URL)]) throws -> URL {
        let text = requests.map { request in
            var lines = ["url = \"\(request.url)\"", "output = \"\(request.output.path)\""]
            if let body = request.body {
                lines += ["data-binary = \"@\(body.path)\"", "header = \"Content-Type: application/json\""]
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\nnext\n")
        let file = stage.folder.appending(path: "curl.conf")
        try Data((text + "\n").utf8).write(to: file)
        return file
    }
}
