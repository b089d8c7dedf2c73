import CouchDB
import CouchSim
import Foundation
import SystemPackage
import Testing

@testable import Replication

/// Files of this machine that can't be written are no failure of a replica.
@Suite struct LocalFileTests {
    @Test func aFolderForTemporaryFilesThatIsGoneIsNoFailureOfTheSource() async throws {
        var limits = CouchReplica.Limits()
        limits.attachmentInMemory = 100
        try await withSimulatedReplica(limits: limits) { server, replica in
            let bytes = Data(repeating: 7, count: 1000).base64EncodedString()
            try server.put(
                "photo", ["_attachments": ["file": ["content_type": "image/png", "data": .string(bytes)]]], in: "db")
            let spooling = CouchReplica(replica.database, limits: replica.limits, spoolFolder: "/nonexistent/spool")
            let failure = await #expect(throws: LocalFileFailure.self) {
                try await Replicator(from: spooling, to: MemoryReplica(), options: .test()).run()
            }
            #expect(failure == LocalFileFailure(.failed, "No such file or directory", path: "/nonexistent/spool"))
            let report = try await Replicator(from: replica, to: MemoryReplica(), options: .test()).run()
            #expect(report.counts.attachmentsStored == 1)
        }
    }

    @Test(
        arguments: [
            (Errno.noSpace, .full), (Errno(rawValue: EDQUOT), .full), (.permissionDenied, .forbidden),
            (.notPermitted, .forbidden),
            (.readOnlyFileSystem, .forbidden), (.ioError, .failed), (.noSuchFileOrDirectory, .failed),
        ] as [(Errno, LocalFileFailure.Code)])
    func errorsOfTheSystem(number: Errno, code: LocalFileFailure.Code) async throws {
        let failure = try #require(LocalFileFailure(number, path: "/tmp"))
        #expect(failure.code == code && failure.path == "/tmp")
        #expect(failure.description.hasPrefix("/tmp: \(failure.what) [\(code.rawValue)]; "))
        // Neither side is named for it, and where nobody knows the file, none is.
        for side in [ReplicationFailure.Side.source, .target] {
            let named = await #expect(throws: LocalFileFailure.self) { try await side.naming { throw number } }
            #expect(named == LocalFileFailure(code, failure.what, path: nil))
        }
    }

    @Test func errorsOfFoundation() throws {
        let path = "/nonexistent/folder/file"
        do {
            try Data("x".utf8).write(to: URL(fileURLWithPath: path))
            Issue.record("it was written")
        } catch {
            let failure = try #require(LocalFileFailure(error))
            #expect(failure.code == .failed && failure.path == path, "\(failure)")
        }
        #expect(LocalFileFailure(CocoaError(.fileWriteOutOfSpace))?.code == .full)
        #expect(LocalFileFailure(CocoaError(.fileWriteVolumeReadOnly))?.code == .forbidden)
        #expect(LocalFileFailure(CouchError(.unreachable, "nothing answers")) == nil)
        #expect(LocalFileFailure(CancellationError()) == nil)
    }
}
