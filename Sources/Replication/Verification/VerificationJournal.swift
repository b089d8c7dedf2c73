import CouchDB
import Foundation
import NIOPosix
import Synchronization
import SystemPackage

/// The files of a verification that can be resumed: its state, replaced as a whole, and the differences so far, to which is
/// only added.
package final class VerificationJournal: Sendable {
    private struct Content {
        var state: VerificationState
        /// nil until something is written: a verification that is done before leaves no trace.
        var file: FileDescriptor?
    }

    private let folder: FilePath
    private let content: Mutex<Content>

    private static let stateName = "state.json"
    private static let differencesName = "differences.jsonl"

    /// Begins anew in an existing folder; nothing is written before the first change or difference.
    init(beginningIn folder: FilePath, _ state: VerificationState) {
        self.folder = folder
        content = Mutex(Content(state: state, file: nil))
    }

    /// Goes on with what is in a folder.
    static func resume(in folder: FilePath) async throws -> VerificationJournal {
        let state = try await state(in: folder)
        return try await NIOThreadPool.singleton.runIfActive { try VerificationJournal(folder, state) }
    }

    /// The state in a folder.
    ///
    /// - Throws: ``VerificationStateError``.
    package static func state(in folder: FilePath) async throws -> VerificationState {
        let path = folder.appending(stateName).string
        return try await NIOThreadPool.singleton.runIfActive {
            guard FileManager.default.fileExists(atPath: path) else {
                throw VerificationStateError(
                    code: .nothingToResume, description: "\(folder) holds no verification; start one with verify")
            }
            do {
                let state = try JSONDecoder().decode(
                    VerificationState.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
                guard state.version == VerificationState.currentVersion else { throw SpoolDamage() }
                return state
            } catch {
                throw VerificationStateError(
                    code: .damaged,
                    description: "the state \(path) can't be read (\(error)); verify again from the start")
            }
        }
    }

    private init(_ folder: FilePath, _ state: VerificationState) throws {
        self.folder = folder
        content = Mutex(Content(state: state, file: try Self.open(folder, state)))
    }

    /// Opens the file with differences, and cuts it to those that the state speaks of.
    private static func open(_ folder: FilePath, _ state: VerificationState) throws -> FileDescriptor {
        let file = try FileDescriptor.open(
            folder.appending(differencesName), .readWrite, options: [.create, .closeOnExec],
            permissions: .ownerReadWrite)
        do {
            guard try file.seek(offset: 0, from: .end) >= Int64(state.differences) else {
                throw VerificationStateError(
                    code: .damaged,
                    description: "the differences in \(folder) were cut off; verify again from the start")
            }
            try file.resize(to: Int64(state.differences))
            try file.seek(offset: Int64(state.differences), from: .start)
        } catch {
            try file.close()
            throw error
        }
        return file
    }

    deinit {
        // Nothing is lost with a file that doesn't close: what counts was synchronised.
        content.withLock { try? $0.file?.close() }
    }

    var state: VerificationState { content.withLock { $0.state } }

    /// Changes the state and makes it durable, together with the differences before it.
    func change(_ body: @escaping @Sendable (inout VerificationState) -> Void) async throws {
        try await NIOThreadPool.singleton.runIfActive { try self.changeNow(body) }
    }

    private func changeNow(_ body: (inout VerificationState) -> Void) throws {
        try content.withLock { content in
            let file = try opened(&content)
            body(&content.state)
            content.state.differences = Int(try file.seek(offset: 0, from: .current))
            guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            try write(content.state)
        }
    }

    private func opened(_ content: inout Content) throws -> FileDescriptor {
        if let file = content.file { return file }
        let file = try Self.open(folder, content.state)
        content.file = file
        return file
    }

    private func write(_ state: VerificationState) throws {
        let (path, new) = (folder.appending(Self.stateName), folder.appending(Self.stateName + ".new"))
        let file = try FileDescriptor.open(
            new, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
        let bytes = try JSONEncoder().encode(state)
        try file.closeAfter {
            try file.writeAll(bytes)
            guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
        guard rename(new.string, path.string) == 0 else { throw Errno(rawValue: errno) }
        let parent = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
        try parent.closeAfter { guard fsync(parent.rawValue) == 0 else { throw Errno(rawValue: errno) } }
    }

    /// Adds a difference; it is durable with the next change of the state.
    func append(_ difference: Difference) async throws {
        let line = try JSONEncoder().encode(difference) + Data("\n".utf8)
        try await NIOThreadPool.singleton.runIfActive { [self] in
            _ = try content.withLock { try opened(&$0).writeAll(line) }
        }
    }

    /// The differences that the state speaks of, in their order.
    func differences() async throws -> [Difference] {
        let (path, size) = (folder.appending(Self.differencesName).string, state.differences)
        return try await NIOThreadPool.singleton.runIfActive {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path)).prefix(size)
            return try bytes.split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode(Difference.self, from: Data($0))
            }
        }
    }
}
