import CouchDB
import Foundation
import NIOPosix
import SystemPackage

/// One side of a comparison on disk: what its feed listed, in partitions by the hash of the id.
///
/// Records are only added, and of several records of one document the last one counts, so that a feed may repeat rows and
/// a comparison can go on behind a checkpoint. Memory is bounded by ``bufferLimit``.
struct LeafSpool: Sendable {
    /// How far a side was read; everything before it is in the files.
    struct State: Sendable, Hashable, Codable {
        /// Where the feed goes on.
        var sequence = UpdateSequence.zero
        /// How long the files are.
        var sizes: [Int]
        /// Rows that were read.
        var rows = 0

        /// Nothing was read yet.
        static func empty(_ partitions: Int, from sequence: UpdateSequence?) -> State {
            State(sequence: sequence ?? .zero, sizes: Array(repeating: 0, count: partitions))
        }
    }

    /// The bytes that are held back before they are written.
    static let bufferLimit = 4 << 20

    private let files: SpoolFiles
    private let hash: SipHash
    private var buffers: [[UInt8]]
    private var buffered = 0
    private(set) var state: State

    /// Opens the files in a folder, cut to what the state speaks of; makes them where there are none.
    static func open(in folder: FilePath, name: String, hash: SipHash, partitions: Int, state: State?) async throws
        -> LeafSpool
    {
        let state = state ?? .empty(partitions, from: nil)
        let files = try await NIOThreadPool.singleton.runIfActive {
            try SpoolFiles((0..<partitions).map { folder.appending("\(name)-\($0)") }, sizes: state.sizes)
        }
        return LeafSpool(files: files, hash: hash, state: state)
    }

    private init(files: SpoolFiles, hash: SipHash, state: State) {
        (self.files, self.hash, self.state) = (files, hash, state)
        buffers = Array(repeating: [], count: state.sizes.count)
    }

    /// Adds what a feed listed.
    mutating func add(_ documents: [DocumentLeaves]) async throws {
        for document in documents {
            buffered += LeafRecord.headSize + document.id.text.utf8.count
            _ = LeafRecord.append(document, hash: hash, to: &buffers)
        }
        state.rows += documents.count
        if buffered > Self.bufferLimit { try await write() }
    }

    /// Makes everything durable up to a position of the feed, and gives the state to be remembered.
    mutating func checkpoint(at sequence: UpdateSequence) async throws -> State {
        try await write()
        try await NIOThreadPool.singleton.runIfActive { [files] in
            for file in files.descriptors where fsync(file.rawValue) != 0 { throw Errno(rawValue: errno) }
        }
        state.sequence = sequence
        return state
    }

    /// Writes everything up to the feed's end, without waiting for the disk.
    mutating func finish(at sequence: UpdateSequence) async throws -> State {
        try await write()
        state.sequence = sequence
        return state
    }

    /// The bytes of one partition.
    func partition(_ index: Int) async throws -> [UInt8] {
        let (files, size) = (files, state.sizes[index])
        return try await NIOThreadPool.singleton.runIfActive {
            try [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
                let buffer = UnsafeMutableRawBufferPointer(bytes)
                while count < size {
                    let read = try files.descriptors[index].read(
                        fromAbsoluteOffset: Int64(count),
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
                    guard read > 0 else { throw SpoolDamage() }
                    count += read
                }
            }
        }
    }

    /// Writes what is held back.
    mutating func write() async throws {
        let (buffers, sizes, files) = (buffers, state.sizes, files)
        try await NIOThreadPool.singleton.runIfActive {
            for (index, buffer) in buffers.enumerated() where !buffer.isEmpty {
                _ = try buffer.withUnsafeBytes {
                    try files.descriptors[index].writeAll(toAbsoluteOffset: Int64(sizes[index]), $0)
                }
            }
        }
        for index in buffers.indices {
            state.sizes[index] += buffers[index].count
            self.buffers[index].removeAll(keepingCapacity: true)
        }
        buffered = 0
    }
}

/// Open files, which are closed with the last reference to them, so that no end of a comparison leaves one open.
private final class SpoolFiles: Sendable {
    let descriptors: [FileDescriptor]

    /// Opens files that are to be as long as is told, and cuts off what is behind that.
    init(_ paths: [FilePath], sizes: [Int]) throws {
        var descriptors: [FileDescriptor] = []
        do {
            for (path, size) in zip(paths, sizes) {
                let file = try FileDescriptor.open(
                    path, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
                descriptors.append(file)
                guard try file.seek(offset: 0, from: .end) >= Int64(size) else { throw SpoolDamage() }
                try file.resize(to: Int64(size))
            }
        } catch {
            for file in descriptors { try file.close() }
            throw error
        }
        self.descriptors = descriptors
    }

    deinit {
        // Nothing can be done about a file that doesn't close, and nothing is lost by it.
        for file in descriptors { try? file.close() }
    }
}
