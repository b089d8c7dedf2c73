import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

@Suite struct DocumentTrimTests {
    private let path = RevisionPath(
        start: 2, ids: ["b1946ac92492d2347c6235b4d2611184", "591785b794601e212b260e25925636fd"])

    /// As CouchDB 3.5.0 writes it.
    private func document(_ members: String, attachments: String = "") -> Data {
        Data(
            (#"{"_id":"a","_rev":"2-b1946ac92492d2347c6235b4d2611184""# + members
                + #","_revisions":{"start":2,"ids":["b1946ac92492d2347c6235b4d2611184","591785b794601e212b260e25925636fd"]}"#
                + attachments + "}").utf8)
    }

    @Test(
        "What the row tells is cut out and put back",
        arguments: [
            ("", "", "}"), (#","a":1.0,"a":[ ]"#, "", #","a":1.0,"a":[ ]}"#),
            (#","_deleted":true"#, "", #","_deleted":true}"#),
            (#","x":"y""#, #","_attachments":{"a":{"stub":true}}"#, #","x":"y","_attachments":{"a":{"stub":true}}}"#),
        ])
    func cut(members: String, attachments: String, rest: String) throws {
        let path = try #require(path)
        let whole = document(members, attachments: attachments)
        let cut = try #require(DocumentTrim.cut(whole, id: "a", path: path))
        #expect(String(decoding: cut.rest, as: UTF8.self) == rest)
        #expect(cut.trim.restored(cut.rest, id: "a", path: path) == whole)
        #expect(DocumentTrim(number: cut.trim.number) == cut.trim)
    }

    @Test func aSliceIsCutLikeAWhole() throws {
        let path = try #require(path)
        let whole = document(#","n":1"#)
        let slice = (Data("xyz".utf8) + whole + Data("xyz".utf8)).dropFirst(3).dropLast(3)
        let cut = try #require(DocumentTrim.cut(slice, id: "a", path: path))
        #expect(cut.trim.restored(cut.rest, id: "a", path: path) == whole)
    }

    @Test("A history that has become longer since puts the old one back")
    func longerHistory() throws {
        let path = try #require(path)
        let whole = document(#","n":1"#)
        let short = try #require(RevisionPath(start: 2, ids: ["b1946ac92492d2347c6235b4d2611184"]))
        let stored = Data(
            #"{"_id":"a","_rev":"2-b1946ac92492d2347c6235b4d2611184","_revisions":{"start":2,"ids":["b1946ac92492d2347c6235b4d2611184"]}}"#
                .utf8)
        let cut = try #require(DocumentTrim.cut(stored, id: "a", path: short))
        #expect(cut.trim.restored(cut.rest, id: "a", path: path) == stored)
        let longer = try #require(DocumentTrim.cut(whole, id: "a", path: path))
        #expect(longer.trim.restored(longer.rest, id: "a", path: short) == nil)
    }

    @Test(
        "A document that is written otherwise is stored whole",
        arguments: [
            #"{"_id":"a" ,"_rev":"2-b1946ac92492d2347c6235b4d2611184"}"#,
            #"{"_rev":"2-b1946ac92492d2347c6235b4d2611184","_id":"a"}"#,
            #"{"_id":"a","_rev":"2-b1946ac92492d2347c6235b4d2611184"}"#,
            #"{"_id":"\u0061","_rev":"2-b1946ac92492d2347c6235b4d2611184","_revisions":{"start":2,"ids":["b1946ac92492d2347c6235b4d2611184","591785b794601e212b260e25925636fd"]}}"#,
            "{}", "",
        ])
    func whole(text: String) throws {
        #expect(DocumentTrim.cut(Data(text.utf8), id: "a", path: try #require(path)) == nil)
    }

    @Test func noNumberIsNoTrim() {
        #expect(DocumentTrim(number: 0) == nil)
        #expect(DocumentTrim(number: .min) == nil)
    }
}
