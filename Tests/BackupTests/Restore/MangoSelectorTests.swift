import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Backup

/// A selector matches what CouchDB's `_find` matches.
@Suite struct MangoSelectorTests {
    private static let documents: [String: JSONValue] = [
        "order": ["type": "order", "year": 2025, "total": 12.5, "tags": ["a", "b"], "paid": true],
        "old": ["type": "order", "year": 2019, "total": 3, "tags": [], "paid": false],
        "nested": [
            "customer": ["name": "Ann", "address": ["city": "Bern"]], "lines": [["sku": "x", "n": 2], ["sku": "y"]],
        ],
        "null": ["type": nil, "year": "2025"],
        "array": ["type": ["order"], "total": [1, 2]],
        "empty": [:],
    ]

    /// Each with the documents that a real 3.5.0 answers; the test below asks one.
    private static let cases: [(selector: String, matched: Set<String>)] = [
        (#"{"type": "order"}"#, ["order", "old"]),
        (#"{"type": "order", "year": {"$gte": 2020}}"#, ["order"]),
        (#"{"year": {"$gt": 2019, "$lte": 2025}}"#, ["order"]),
        (#"{"year": {"$gt": 2019}}"#, ["order", "null"]),
        (#"{"type": {"$gt": null}}"#, ["order", "old", "array"]),
        (#"{"type": {"$ne": "order"}}"#, ["null", "array"]),
        (#"{"type": {"$nin": ["order"]}}"#, ["null"]),
        (#"{"type": {"$in": ["order"]}}"#, ["order", "old", "array"]),
        (#"{"tags": {"$nin": ["c"]}}"#, ["order", "old"]),
        (#"{"year": {"$in": [2019, "2025"]}}"#, ["old", "null"]),
        (#"{"year": {"$exists": false}}"#, ["nested", "array", "empty"]),
        (#"{"year": {"$exists": true}}"#, ["order", "old", "null"]),
        (#"{"type": {"$type": "array"}}"#, ["array"]),
        (#"{"type": {"$type": "null"}}"#, ["null"]),
        (#"{"customer.name": "Ann"}"#, ["nested"]),
        (#"{"customer": {"address": {"city": "Bern"}}}"#, ["nested"]),
        (#"{"customer.address": {"city": "Bern"}}"#, ["nested"]),
        (#"{"tags": {"$all": ["b"]}}"#, ["order"]),
        (#"{"lines": {"$elemMatch": {"sku": "y"}}}"#, ["nested"]),
        (#"{"$or": [{"paid": true}, {"total": 3}]}"#, ["order", "old"]),
        (#"{"$and": [{"type": "order"}, {"paid": false}]}"#, ["old"]),
        (#"{"total": 3.0}"#, ["old"]),
        (#"{"$not": {"type": "order"}}"#, ["null", "array"]),
        (#"{"$nor": [{"type": "order"}]}"#, ["null", "array"]),
        (#"{"year": {"$not": {"$gt": 2019}}}"#, ["old"]),
        (#"{"_id": {"$gt": "nested"}}"#, ["order", "old", "null"]),
    ]

    @Test(arguments: cases.indices) func matchesDocuments(index: Int) throws {
        let (text, matched) = Self.cases[index]
        let selector = try MangoSelector(text)
        let found = Self.documents.filter { id, document in
            var members = document.object ?? [:]
            members["_id"] = .string(id)
            return selector.matches(.object(members))
        }
        #expect(Set(found.keys) == matched, "\(text)")
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(2)))
    func matchesWhatFindMatches() async throws {
        try await withRealScene { _, scene in
            try await scene.source.write(Self.documents.mapValues { $0.object ?? [:] })
            for (text, matched) in Self.cases {
                let answer = try await scene.source.find(text)
                #expect(Set(answer) == matched, "\(text)")
            }
        }
    }

    @Test(arguments: ["", "[]", "{", "17", #"{"a": {"$regex": "x"}}"#, #"{"$or": [{"a": {"$near": 1}}]}"#])
    func refusesWhatItDoesNotUnderstand(text: String) {
        let error = #expect(throws: RestoreError.self) { try MangoSelector(text) }
        #expect(error?.code == .badSelector)
    }
}
