import CouchDB
import NIOHTTP1

extension ConformanceScript {
    static let documents = ConformanceScript(name: "documents") { t in
        try await t.prepare(.PUT, "/documents?q=1")
        let first = try await t.ask(.PUT, "/documents/a", ["x": 1, "list": [1, 2, 300], "text": "ä\"\\\n", "f": 1.5])
        try await t.ask(.PUT, "/documents/a", ["x": 2])
        try await t.ask(.PUT, "/documents/a", ["_rev": "5-abc"])
        try await t.ask(.PUT, "/documents/a", ["_rev": "x"])
        try await t.ask(.PUT, "/documents/a", text: "{broken")
        try await t.ask(.PUT, "/documents/a", [])
        try await t.ask(.PUT, "/documents/b", ["_foo": 1])
        try await t.ask(.PUT, "/documents/_b", [:])
        try await t.ask(.PUT, "/documents/d%2Fe%20%2B%25", ["id": "with marks"])
        try await t.ask(.GET, "/documents/d%2Fe%20%2B%25")
        let revision = first.body["rev"]?.string ?? ""
        let second = try await t.ask(.PUT, "/documents/a", ["_rev": .string(revision), "x": 2])
        try await t.ask(.GET, "/documents/a")
        try await t.ask(.GET, "/documents/a?revs=true&revs_info=true")
        try await t.ask(.GET, "/documents/a?rev=\(revision)")
        try await t.ask(.GET, "/documents/a?rev=7-abc")
        try await t.ask(.GET, "/documents/a?rev=zz")
        try await t.ask(.GET, "/documents/missing")
        try await t.ask(.DELETE, "/documents/a")
        try await t.ask(.DELETE, "/documents/a?rev=\(revision)")
        try await t.ask(.DELETE, "/documents/a?rev=\(second.body["rev"]?.string ?? "")")
        try await t.ask(.GET, "/documents/a")
        try await t.ask(.DELETE, "/documents/a")
        try await t.ask(.DELETE, "/documents/missing")
        try await t.ask(.PUT, "/documents/a", ["again": true])
        try await t.ask(.GET, "/documents/a?revs=true")
        try await t.ask(.PUT, "/documents/new?rev=3-abc", ["history": "made up"])
        try await t.ask(.PUT, "/documents/new?rev=3-abc", ["_rev": "4-abc"])
        try await t.ask(.POST, "/documents", ["_id": "posted"])
        try await t.ask(.POST, "/documents", text: "{}", headers: ["Content-Type": "text/plain"])
        try await t.ask(.PUT, "/documents/_design/d", ["language": "javascript"])
        try await t.ask(.GET, "/documents/_design/d")
        try await t.ask(.GET, "/documents/_design%2Fd")
        try await t.ask(
            .POST, "/documents/_purge", ["posted": ["1-967a00dff5e02add41819138abb3284d"], "missing": ["1-a"]])
        try await t.ask(.GET, "/documents/posted")
        try await t.ask(.GET, "/documents")
    }

    static let localDocuments = ConformanceScript(name: "local-documents") { t in
        try await t.prepare(.PUT, "/local?q=1")
        try await t.ask(.GET, "/local/_local/mark")
        try await t.ask(.PUT, "/local/_local/mark", ["n": 1])
        try await t.ask(.PUT, "/local/_local/mark", ["_rev": "0-1", "n": 2])
        try await t.ask(.GET, "/local/_local/mark")
        // No conflicts: the last write wins, whatever revision it names.
        try await t.ask(.PUT, "/local/_local/mark", ["n": 3])
        try await t.ask(.PUT, "/local/_local/mark", ["_rev": "0-9", "n": 4])
        try await t.ask(.GET, "/local/_local/mark")
        try await t.ask(.GET, "/local/_local_docs")
        try await t.ask(.GET, "/local/_local_docs?include_docs=true")
        try await t.ask(.DELETE, "/local/_local/mark")
        try await t.ask(.DELETE, "/local/_local/mark?rev=0-10")
        try await t.ask(.GET, "/local/_local/mark")
        try await t.ask(.GET, "/local")
    }

    static let validation = ConformanceScript(name: "validation") { t in
        try await t.prepare(.PUT, "/validated?q=1")
        let forbid = """
            // couchsim: forbid-if-field refused no such documents
            function (document) { if (document.refused !== undefined) throw({forbidden: 'no such documents'}); }
            """
        let unauthorized = """
            // couchsim: unauthorized-if-field secret log in first
            function (document) { if (document.secret !== undefined) throw({unauthorized: 'log in first'}); }
            """
        try await t.prepare(.PUT, "/validated/_design/forbid", ["validate_doc_update": .string(forbid)])
        try await t.prepare(.PUT, "/validated/_design/login", ["validate_doc_update": .string(unauthorized)])
        try await t.ask(.PUT, "/validated/good", ["fine": true])
        try await t.ask(.PUT, "/validated/bad", ["refused": 1])
        try await t.ask(.PUT, "/validated/secret", ["secret": 1])
        try await t.ask(
            .POST, "/validated/_bulk_docs", ["docs": [["_id": "bad", "refused": 1], ["_id": "better"]]])
        try await t.ask(
            .POST, "/validated/_bulk_docs",
            [
                "new_edits": false,
                "docs": [
                    ["_id": "bad", "_rev": "1-a", "refused": 1], ["_id": "secret", "_rev": "1-b", "secret": 1],
                    ["_id": "third", "_rev": "1-c"],
                ],
            ])
        try await t.ask(.PUT, "/validated/bad?new_edits=false", ["_rev": "2-a", "refused": 1])
        try await t.ask(.PUT, "/validated/_local/bad", ["refused": 1])
        try await t.ask(.GET, "/validated/_all_docs")
    }
}
