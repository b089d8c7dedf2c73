import Secrets
import Testing

@testable import CouchDB

@Suite struct ServerURLTests {
    @Test(arguments: [
        ("http://localhost:5984", "http://localhost:5984", 5984, ""),
        ("HTTP://LocalHost:5984/", "http://localhost:5984", 5984, ""),
        ("https://couch1.example.org", "https://couch1.example.org", 443, ""),
        ("https://couch1.example.org:443/", "https://couch1.example.org", 443, ""),
        ("http://couch1:80", "http://couch1", 80, ""),
        ("https://proxy/couch/", "https://proxy/couch", 443, "/couch"),
        ("https://proxy/a%20b/c//", "https://proxy/a%20b/c", 443, "/a%20b/c"),
        ("http://[::1]:5984/x", "http://[::1]:5984/x", 5984, "/x"),
        ("http://[2001:DB8::1]", "http://[2001:db8::1]", 80, ""),
        ("  http://h:1 \n", "http://h:1", 1, ""),
    ])
    func reads(text: String, description: String, port: Int, prefix: String) throws {
        let url = try ServerURL(text)
        #expect(url.description == description)
        #expect(url.port == port)
        #expect(url.pathPrefix == prefix)
        #expect(try ServerURL(url.description) == url)
    }

    @Test(arguments: [
        ("", "empty"),
        ("couch1.example.org", "no scheme"),
        ("couch1:5984", "no scheme"),
        ("ftp://couch1", "scheme ftp"),
        ("http://", "no host"),
        ("http:///db", "no host"),
        ("http://couch1:", "no valid port"),
        ("http://couch1:0", "no valid port"),
        ("http://couch1:65536", "no valid port"),
        ("http://couch1:abc", "no valid port"),
        ("http://couch1/?x=1", "query"),
        ("http://couch1/#x", "fragment"),
        ("http://::1:5984", "without brackets"),
        ("http://[::1", "no ]"),
        ("http://[couch1]", "no IPv6 address"),
        ("http://[::1]x", "behind the ]"),
        ("http://cou ch", "space"),
        ("http://cöuch", "outside of ASCII"),
        ("http://couch!1", "that none can have"),
        ("http://couch1//x", "two slashes"),
        ("http://couch1/../x", "dot"),
        ("http://couch1/%zz", "percent-encoded"),
        ("http://couch1/_utils", "Fauxton"),
        ("http://admin:x@couch1", "user name in it"),
    ])
    func refuses(text: String, reason: String) throws {
        let error = try #require(throws: CouchError.self) { try ServerURL(text) }
        #expect(error.code == .invalidInput)
        #expect(error.message.contains(reason), "\(error.message)")
    }

    @Test func takesCredentialsApart() throws {
        let (url, user, password) = try ServerURL.parse("https://ad%40min:p%2Fss%3Aw@couch1:6984/x")
        #expect(url.description == "https://couch1:6984/x")
        #expect(user == "ad@min")
        #expect(password == Secret("p/ss:w"))
        let bare = try ServerURL.parse("https://couch1")
        #expect(bare.user == nil && bare.password == nil)
        let userOnly = try ServerURL.parse("https://admin@couch1")
        #expect(userOnly.user == "admin" && userOnly.password == nil)
    }

    @Test(arguments: [
        "ftp://admin:tiger77@couch1", "https://admin:tiger77@", "https://admin:tiger77@cou!ch",
        "https://admin:ti/tiger77@couch1", "https://admin:ti#tiger77@couch1", "https://admin:ti?tiger77@couch1",
        "admin:tiger77@couch1", "https://admin:tiger77@couch1/%zz", "https://admin:tiger77@couch1?token=tiger77",
        "https://admin:a@tiger77@couch1:x", "https://admin:tiger77@couch1", "https://:tiger77@couch1",
    ])
    func neverShowsAPassword(text: String) throws {
        let error = try #require(throws: CouchError.self) { try ServerURL(text) }
        #expect(!"\(error)".contains("tiger77"), "\(error)")
        #expect(!String(reflecting: error).contains("tiger77"))
    }

    @Test(arguments: [
        ("http://h:5984/orders", "http://h:5984", "orders"),
        ("http://h:5984/orders/", "http://h:5984", "orders"),
        ("https://admin:x@h/couch/orders", "https://h/couch", "orders"),
        ("http://h/a%2Fb%2Bc", "http://h", "a/b+c"),
    ])
    func readsADatabase(text: String, server: String, name: String) throws {
        let parsed = try ServerURL.parseDatabase(text)
        #expect(parsed.url.description == server)
        #expect(parsed.database == name)
    }

    @Test(arguments: ["http://h:5984", "http://h:5984/"])
    func refusesAServerAsADatabase(text: String) throws {
        let error = try #require(throws: CouchError.self) { try ServerURL.parseDatabase(text) }
        #expect(error.message.contains("names no database"))
    }

    @Test func writesADatabaseURL() throws {
        let url = try ServerURL("https://h:6984/couch")
        #expect(url.databaseURL("a/b+c") == "https://h:6984/couch/a%2Fb%2Bc")
        let again = try ServerURL.parseDatabase(url.databaseURL("a/b+c"))
        #expect(again.url == url && again.database == "a/b+c")
    }
}
