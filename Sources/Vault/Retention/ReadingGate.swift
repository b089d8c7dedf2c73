import Foundation
import Synchronization

/// Keeps everybody from beginning to read a moment, while it is there: what is not read then can be dropped.
final class ReadingGate: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Shuts the gate of a backup. Blocks for a moment at most.
    ///
    /// - Throws: `VaultError` where it can't be shut.
    init(of folder: String) throws {
        switch ReadingLock.gate(of: folder).attempt(LOCK_EX, creates: true) {
        case .locked(let descriptor): self.descriptor = Mutex(descriptor)
        case .failed(let failure): throw VaultError.wrapping(failure, at: folder)
        case .held, .missing: throw VaultError(.inaccessible, "its moments can't be kept from being read", at: folder)
        }
    }

    /// Lets readers in again. Ends with the process too.
    func open() {
        descriptor.withLock { descriptor in
            if let shut = descriptor { close(shut) }
            descriptor = nil
        }
    }

    deinit { open() }
}
