import HTTPTypes
import Testing

@testable import ReplicaServer

/// What is decided of a head.
@Suite
struct CrossOriginAnswerTests {
    private let page = "https://app.example.org"
    private var listed: AllowedOrigins { .listed([page, "http://localhost:3000"]) }

    private func preflight(from origin: String) -> HTTPFields {
        [
            .origin: origin, .accessControlRequestMethod: "PUT",
            .accessControlRequestHeaders: "authorization,content-type",
        ]
    }

    @Test func nothingIsAddedWithoutAllowedOrigins() {
        for method in [HTTPRequest.Method.get, .options] {
            let answer = CrossOriginAnswer(to: method, preflight(from: page), allowed: .none)
            #expect(answer.fields.isEmpty && !answer.isPreflight)
        }
    }

    @Test func aPageOfAnAllowedOriginMayRead() {
        for method in [HTTPRequest.Method.get, .head, .post, .put, .delete] {
            let answer = CrossOriginAnswer(to: method, [.origin: page], allowed: listed)
            #expect(!answer.isPreflight)
            #expect(answer.fields[.accessControlAllowOrigin] == page && answer.fields[.vary] == "Origin")
            #expect(answer.fields[.accessControlAllowCredentials] == "true")
            #expect(answer.fields[.accessControlExposeHeaders]?.contains("etag") == true)
            #expect(answer.fields[.accessControlAllowMethods] == nil)
        }
    }

    /// A cache that has one of these must ask again for a page that may read.
    @Test(
        arguments: [
            nil, "https://other.example.org", "http://app.example.org", "https://app.example.org:8443",
            "https://app.example.org.evil", "https://APP.example.org", "null", "",
        ] as [String?])
    func othersAreOnlyToldThatItDependsOnTheOrigin(origin: String?) {
        var fields = preflight(from: "")
        fields[.origin] = origin
        let others: HTTPFields = [.vary: "Origin"]
        for method in [HTTPRequest.Method.get, .options] {
            let answer = CrossOriginAnswer(to: method, fields, allowed: listed)
            #expect(answer.fields == others && !answer.isPreflight)
        }
    }

    @Test(arguments: ["https://app.example.org", "http://other.example.org:8080", "null"])
    func withAnyAllPagesMayReadAndNoLoginIsLent(origin: String) {
        for method in [HTTPRequest.Method.get, .options] {
            let answer = CrossOriginAnswer(to: method, preflight(from: origin), allowed: .any)
            #expect(answer.fields[.accessControlAllowOrigin] == origin && answer.fields[.vary] == "Origin")
            #expect(answer.fields[.accessControlAllowCredentials] == nil)
        }
    }

    @Test func aPreflightIsToldWhatAPageMaySend() {
        let answer = CrossOriginAnswer(to: .options, preflight(from: page), allowed: listed)
        #expect(answer.isPreflight)
        #expect(answer.fields[.accessControlAllowOrigin] == page)
        #expect(answer.fields[.accessControlAllowCredentials] == "true")
        #expect(answer.fields[.accessControlAllowMethods] == "DELETE, GET, HEAD, POST, PUT")
        let headers = answer.fields[.accessControlAllowHeaders] ?? ""
        for name in ["accept", "authorization", "content-type", "if-none-match"] { #expect(headers.contains(name)) }
        #expect(answer.fields[.accessControlMaxAge] == "600")
        #expect(answer.fields[.accessControlExposeHeaders] == nil)
    }

    /// As in `chttpd_cors:handle_preflight_request`.
    @Test func withoutAMethodItIsNoPreflight() {
        let answer = CrossOriginAnswer(to: .options, [.origin: page], allowed: listed)
        #expect(!answer.isPreflight && answer.fields[.accessControlAllowOrigin] == page)
        #expect(answer.fields[.accessControlAllowMethods] == nil)
    }

    @Test func aPrivateNetworkIsAllowedWhereThatIsAsked() throws {
        let asks = try #require(HTTPField.Name("Access-Control-Request-Private-Network"))
        let allows = try #require(HTTPField.Name("Access-Control-Allow-Private-Network"))
        var asking = preflight(from: page)
        #expect(CrossOriginAnswer(to: .options, asking, allowed: listed).fields[allows] == nil)
        asking[asks] = "true"
        #expect(CrossOriginAnswer(to: .options, asking, allowed: listed).fields[allows] == "true")
        #expect(CrossOriginAnswer(to: .get, asking, allowed: listed).fields[allows] == nil)
        asking[.origin] = "https://other.example.org"
        #expect(CrossOriginAnswer(to: .options, asking, allowed: listed).fields[allows] == nil)
    }
}
