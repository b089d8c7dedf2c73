import Foundation
import Testing

@testable import Vault

@Suite("A file that nobody is to write to")
struct StillFileTests {
    private static func withFile(_ body: (_ path: String) throws -> Void) throws {
        let path = "\(NSTemporaryDirectory())/still-\(UUID().uuidString)"
        defer { for name in [path, "\(path)-wal"] { unlink(name) } }
        try Data(count: 100).write(to: URL(fileURLWithPath: path))
        try body(path)
    }

    private static func expectWritten(_ still: StillFile, _ body: () throws -> Void) {
        let error = #expect(throws: VaultError.self) { try still.reading(body) }
        #expect(error?.code == .locked && error?.next == "wait", "\(String(describing: error))")
    }

    @Test("What is read of it counts, and errors do, while it is what it was")
    func still() throws {
        try Self.withFile { path in
            let still = try #require(StillFile(path, next: "wait"))
            #expect(try still.reading { 7 } == 7)
            let error = #expect(throws: VaultError.self) {
                try still.reading { throw VaultError(.damaged, "malformed", at: path) }
            }
            #expect(error?.code == .damaged)
            unlink(path)
            #expect(try still.reading { 8 } == 8)
        }
    }

    @Test("Behind a writing, or while there is a log, nothing that is read counts, and no error does")
    func written() throws {
        try Self.withFile { path in
            let still = try #require(StillFile(path, next: "wait"))
            try Data(count: 0).write(to: URL(fileURLWithPath: "\(path)-wal"))
            #expect(try still.reading { 7 } == 7)
            Self.expectWritten(still) {
                try Data(count: 10).write(to: URL(fileURLWithPath: "\(path)-wal"))
                throw VaultError(.damaged, "malformed", at: path)
            }
            #expect(StillFile(path, next: "wait") == nil)
            unlink("\(path)-wal")
            #expect(try still.reading { 8 } == 8)
            Self.expectWritten(still) { try Data(count: 200).write(to: URL(fileURLWithPath: path)) }
            Self.expectWritten(still) { Issue.record("it was read all the same") }
        }
    }

    @Test("A writing that leaves the size as it was is seen by its time")
    func sameSize() throws {
        try Self.withFile { path in
            let still = try #require(StillFile(path, next: "wait"))
            let time = Date(timeIntervalSince1970: 7)
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
            Self.expectWritten(still) {}
        }
    }
}
