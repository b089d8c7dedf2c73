import Foundation
import SystemPackage

/// A file without a name that holds what a program is to read on its standard input.
struct InputFile {
    /// Open at the first byte. Whoever takes it closes it.
    let descriptor: FileDescriptor

    init(_ content: Data) throws {
        let path = FilePath(
            FileManager.default.temporaryDirectory.appending(path: "couchkeep-\(UUID().uuidString)").path)
        let descriptor = try FileDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        do {
            try FileManager.default.removeItem(atPath: path.string)
            try descriptor.writeAll(content)
            try descriptor.seek(offset: 0, from: .start)
        } catch {
            try descriptor.close()
            throw error
        }
        self.descriptor = descriptor
    }
}
