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

    @Test("The help and docs/restore.md list the operators that are understood, and others are refused")
    func operators() throws {
        #expect(Set(MangoSelector.operators.split(separator: " ").map(String.init)) == MangoCondition.operators)
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/restore.md"), encoding: .utf8)
        #expect(text.contains("`\(MangoSelector.operators)`"))
        for name in ["$regex", "$mod", "$size", "$allMatch", "$keyMapMatch", "$beginsWith"] {
            #expect(text.contains("`\(name)`"))
            let error = #expect(throws: RestoreError.self) { try MangoSelector(#"{"a": {"\#(name)": 1}}"#) }
            #expect(error?.code == .badSelector)
        }
    }

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
        let found = try Self.documents.filter { id, document in
            var members = document.object ?? [:]
            members["_id"] = .string(id)
            return try selector.matches(.object(members))
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

    private static let further: [String: JSONValue] = [
        "lists": ["tags": ["x", "y"], "a.b": 1, "e": [:], "n": [["k": 1], ["k": 2]]],
        "objects": ["a": ["b": 1], "e": ["z": 1]],
        "upper": ["s": "Apple", "t": []],
        "lower": ["s": "apple"],
    ]

    private static let furtherCases: [(selector: String, matched: Set<String>)] = [
        ("{}", ["lists", "objects", "upper", "lower"]),
        (#"{"$and": []}"#, []), (#"{"$or": []}"#, []), (#"{"$nor": []}"#, []), (#"{"s": {"$or": []}}"#, []),
        (#"{"$and": [{"$or": []}]}"#, ["lists", "objects", "upper", "lower"]),
        (#"{"s": "apple", "$and": []}"#, ["lower"]), (#"{"$or": [{}, {"s": "apple"}]}"#, ["lower"]),
        (#"{"tags.1": "y"}"#, ["lists"]), (#"{"tags": {"1": "y"}}"#, ["lists"]), (#"{"n.0.k": 1}"#, ["lists"]),
        (#"{"tags.9": "y"}"#, []), (#"{"a\\.b": 1}"#, ["lists"]), (#"{"a.b": 1}"#, ["objects"]),
        (#"{"e": {}}"#, ["lists"]), (#"{"e": {"$gt": {}}}"#, ["objects"]), (#"{"tags": {"$all": []}}"#, []),
        (#"{"tags": {"$nin": []}}"#, ["lists"]), (#"{"tags": {"$all": [["x", "y"]]}}"#, ["lists"]),
        (#"{"s": {"$not": {"$type": "array"}}}"#, ["upper", "lower"]),
        (#"{"s.x": {"$exists": false}}"#, ["lists", "objects"]),
        (#"{"tags.5": {"$exists": false}}"#, ["objects", "upper", "lower"]),
        (#"{"$not": {"s": {"$gt": 1}, "_id": "lower"}}"#, ["lists", "objects", "upper"]),
        (#"{"x": {"$nor": [{"$exists": true}]}}"#, ["lists", "objects", "upper", "lower"]),
        (#"{"n": {"$elemMatch": {"z": {"$not": {"$eq": 1}}}}}"#, ["lists"]),
        (#"{"n": {"$elemMatch": {"$or": []}}}"#, ["lists"]), (#"{"tags": {"$elemMatch": {"$eq": "x"}}}"#, ["lists"]),
        (#"{"s": {"$gt": "apple"}}"#, ["upper"]), (#"{"s": {"$lt": "B"}}"#, ["upper", "lower"]),
        (#"{"s": {"$lt": {"a": 1}}}"#, ["upper", "lower"]),
        (#"{"_id": {"$gt": "Z"}}"#, ["lists", "objects", "upper", "lower"]),
        (#"{"_id": {"$lt": {}}}"#, []),
    ]

    @Test(arguments: furtherCases.indices) func matchesAsFarAsFindGoes(index: Int) throws {
        let (text, matched) = Self.furtherCases[index]
        let selector = try MangoSelector(text)
        let found = try Self.further.filter { id, document in
            var members = document.object ?? [:]
            members["_id"] = .string(id)
            return try selector.matches(.object(members))
        }
        #expect(Set(found.keys) == matched, "\(text)")
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(2)))
    func ordersTextsAsFindDoes() async throws {
        try await withRealScene { _, scene in
            try await scene.source.write(Self.further.mapValues { $0.object ?? [:] })
            for (text, matched) in Self.furtherCases {
                #expect(Set(try await scene.source.find(text)) == matched, "\(text)")
            }
            let seed = UInt64.random(in: 0...(1 << 40))
            var random = SeededGenerator(seed: seed)
            let characters = Array("aAbBzZ09 _-,;:!?.'()[]{}@*/&#%+<=>|~$é")
            let texts = (0..<80).map { _ in
                String(
                    (0..<Int.random(in: 0..<4, using: &random)).compactMap { _ in
                        characters.randomElement(using: &random)
                    })
            }
            let database = scene.beside("texts")
            try await database.create()
            try await database.write(
                Dictionary(uniqueKeysWithValues: texts.enumerated().map { ("d\($0)", ["t": .string($1)]) }))
            for operand in texts.prefix(25) {
                let selector: JSONValue = ["t": ["$lt": .string(operand)]]
                let found = Set(try await database.find(String(decoding: selector.serialized(), as: UTF8.self)))
                for (index, text) in texts.enumerated() {
                    guard let order = MangoOrder.ofTexts(text, operand) else {
                        #expect((text + operand).contains("é"))
                        continue
                    }
                    #expect((order < 0) == found.contains("d\(index)"), "“\(text)” and “\(operand)”, seed \(seed)")
                }
            }
        }
    }

    /// Where only the server's own collation knows, nothing is guessed.
    @Test func refusesAnOrderThatIsInDoubt() throws {
        let selector = try MangoSelector(#"{"name": {"$gte": "émile"}}"#)
        let error = #expect(throws: RestoreError.self) { try selector.matches(["name": "Berta"]) }
        #expect(error?.code == .badSelector && error?.what.contains("collation") == true)
        #expect(try !selector.matches(["name": 7]))
        #expect(try MangoSelector(#"{"name": {"$gte": "M"}}"#).matches(["name": "Zoë"]))
        #expect(try MangoSelector(#"{"name": "émile"}"#).matches(["name": "émile"]))
    }

    @Test(arguments: [
        #"{"": 1}"#, #"{"$eq": 1}"#, #"{"$not": {}}"#, #"{"a.": 1}"#, #"{"a": {"$in": 1}}"#, #"{"a": {"$exists": 1}}"#,
        #"{"a": {"$not": 1}}"#, #"{"$and": {}}"#, #"{"a": {"$type": 1}}"#,
        "", "[]", "{", "17", #"{"a": {"$regex": "x"}}"#, #"{"$or": [{"a": {"$near": 1}}]}"#,
    ])
    func refusesWhatItDoesNotUnderstand(text: String) {
        let error = #expect(throws: RestoreError.self) { try MangoSelector(text) }
        #expect(error?.code == .badSelector)
    }
}
