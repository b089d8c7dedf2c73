import CouchDB
import NIOHTTP1

extension ConformanceScript {
    static let conflicts = ConformanceScript(name: "conflicts") { t in
        try await t.prepare(.PUT, "/conflicts?q=1")
        func write(_ documents: JSONValue) async throws {
            try await t.ask(.POST, "/conflicts/_bulk_docs", ["new_edits": false, "docs": documents])
        }
        try await write([["_id": "a", "_rev": "1-aa", "v": 1]])
        try await write([["_id": "a", "_rev": "2-cc", "_revisions": ["start": 2, "ids": ["cc", "aa"]], "v": "c"]])
        try await write([["_id": "a", "_rev": "2-bb", "_revisions": ["start": 2, "ids": ["bb", "aa"]], "v": "b"]])
        try await t.ask(.GET, "/conflicts/a?conflicts=true&deleted_conflicts=true&revs=true")
        // Written again: nothing changes.
        try await write([["_id": "a", "_rev": "2-bb", "_revisions": ["start": 2, "ids": ["bb", "aa"]], "v": "other"]])
        try await t.ask(.GET, "/conflicts/a?rev=2-bb")
        try await t.ask(.GET, "/conflicts")
        // A longer branch wins, until it is deleted.
        try await write([
            ["_id": "a", "_rev": "4-dd", "_revisions": ["start": 4, "ids": ["dd", "ee", "bb", "aa"]], "v": "d"]
        ])
        try await t.ask(.GET, "/conflicts/a?conflicts=true&revs=true&revs_info=true")
        try await write([
            [
                "_id": "a", "_rev": "5-ff", "_revisions": ["start": 5, "ids": ["ff", "dd", "ee", "bb", "aa"]],
                "_deleted": true,
            ]
        ])
        try await t.ask(.GET, "/conflicts/a?conflicts=true&deleted_conflicts=true")
        try await t.ask(.GET, "/conflicts/a?open_revs=%5B%222-cc%22%2C%225-ff%22%2C%229-zz%22%5D&revs=true")
        try await t.ask(.GET, "/conflicts/a?open_revs=%5B%221-aa%22%5D&latest=true")
        try await t.ask(.GET, "/conflicts/missing?open_revs=%5B%221-aa%22%5D")
        // A branch without a common ancestor.
        try await write([["_id": "a", "_rev": "3-xx", "v": "x"]])
        try await t.ask(.GET, "/conflicts/a?conflicts=true")
        try await t.ask(.GET, "/conflicts/_changes?style=all_docs")
        try await t.ask(.GET, "/conflicts/_changes")
        try await t.ask(
            .POST, "/conflicts/_revs_diff",
            ["a": ["2-bb", "5-ff", "3-yy", "9-zz"], "missing": ["1-a"], "known": []])
        try await t.ask(.POST, "/conflicts/_revs_diff", ["a": ["2-bb"]])
        try await t.ask(.POST, "/conflicts/_revs_diff", [])
        try await t.ask(.POST, "/conflicts/_missing_revs", ["a": ["2-bb", "3-yy"]])
        // Deleted everywhere: the document is gone, and comes back on top of its tombstone.
        try await write([["_id": "b", "_rev": "1-b", "_deleted": true]])
        try await t.ask(.GET, "/conflicts/b")
        try await t.ask(.GET, "/conflicts/b?rev=1-b")
        try await t.ask(.PUT, "/conflicts/b", ["back": true])
        try await t.ask(.GET, "/conflicts/b?revs=true")
        try await t.ask(
            .PUT, "/conflicts/c?new_edits=false", ["_rev": "3-q", "_revisions": ["start": 3, "ids": ["q", "p"]]])
        try await t.ask(.PUT, "/conflicts/c?new_edits=false", [:])
        try await t.ask(.GET, "/conflicts")
    }

    static let bulk = ConformanceScript(name: "bulk") { t in
        try await t.prepare(.PUT, "/bulk?q=1")
        try await t.prepare(.PUT, "/bulk/known", ["v": 1])
        try await t.ask(
            .POST, "/bulk/_bulk_docs", ["docs": [["_id": "new"], ["_id": "known"], ["_id": "gone", "_deleted": true]]])
        try await t.ask(.POST, "/bulk/_bulk_docs", ["docs": [["_id": "x"], ["_id": "_x"]]])
        try await t.ask(.POST, "/bulk/_bulk_docs", ["docs": [["_id": "x", "_foo": 1]]])
        try await t.ask(.POST, "/bulk/_bulk_docs", ["docs": [5]])
        try await t.ask(.POST, "/bulk/_bulk_docs", ["docs": 5])
        try await t.ask(.POST, "/bulk/_bulk_docs", [:])
        try await t.ask(.POST, "/bulk/_bulk_docs", ["new_edits": false, "docs": [["_id": "x"]]])
        try await t.ask(.POST, "/bulk/_bulk_docs", text: "{}", headers: ["Content-Type": "text/plain"])
        try await t.ask(.POST, "/bulk/_bulk_docs", text: "{broken")
        try await t.ask(
            .POST, "/bulk/_bulk_get?revs=true",
            [
                "docs": [
                    ["id": "known"], ["id": "known", "rev": "1-abc"], ["id": "missing"], ["rev": "1-abc"],
                    ["id": "new", "rev": "1-967a00dff5e02add41819138abb3284d"],
                ]
            ])
        try await t.ask(.POST, "/bulk/_bulk_get", [:])
        try await t.ask(.POST, "/bulk/_bulk_get", ["docs": []])
    }
}
