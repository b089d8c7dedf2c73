import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A small regular file, read whole, with who else may read it.
///
/// Content and permissions come from one open file, so nobody can swap it in between.
package struct SmallFile: Sendable {
    /// Why it could not be read.
    package enum Failure: Error, Equatable {
        case missing
        case denied
        /// A folder, a pipe, a device.
        case notRegular
        case tooLarge(limit: Int)
        case other(String)
    }

    /// Folders whose files the service manager or the container's runtime guards, with modes that it chooses itself.
    package static let guardedFolders = ["/run/credentials", "/run/secrets"]

    package let content: Data
    /// The permission bits, such as `0o640`.
    package let mode: UInt32
    /// Whether it lies in one of the guarded folders.
    package let isGuarded: Bool

    /// Whether group or others may read or change it, outside of the guarded folders.
    package var isExposed: Bool { !isGuarded && mode & 0o066 != 0 }

    /// The mode as `chmod` takes it.
    package var modeText: String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Reads a file of at most `limit` bytes.
    package static func read(
        _ path: String, limit: Int, guardedFolders: [String] = SmallFile.guardedFolders
    ) throws(Failure) -> SmallFile {
        // Without O_NONBLOCK, opening a pipe would wait for a writer for ever.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        let content: Data
        do {
            content = try handle.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw .other("\(error.localizedDescription)")
        }
        guard content.count <= limit else { throw .tooLarge(limit: limit) }
        let realPath = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return SmallFile(
            content: content, mode: UInt32(status.st_mode & 0o7777),
            isGuarded: guardedFolders.contains { realPath.hasPrefix($0 + "/") })
    }
}

extension SmallFile.Failure {
    init(errno code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self = .missing
        case EACCES, EPERM: self = .denied
        default: self = .other(String(cString: strerror(code)))
        }
    }

    /// The reason in words, to follow "can't be read: ".
    package var reason: String {
        switch self {
        case .missing: "there is no such file"
        case .denied: "this user has no permission to read it"
        case .notRegular: "it is a folder, a pipe or a device, not a file"
        case .tooLarge(let limit): "it is larger than \(limit / 1024) KiB"
        case .other(let text): text
        }
    }
}
