import Foundation
import Synchronization

/// The right to go on reading a moment: while somebody has it, no pruning drops the moment.
///
/// Who can't write beside the backup has no lock, and keeps nothing from being pruned by who can.
final class ReadingLock: Sendable {
    private enum State: Sendable {
        case untaken
        /// With the open file; nil where there is none.
        case taken(Int32?)
    }

    private static let prefix = "reading-"

    private let folder: String
    private let moment: Int
    private let state = Mutex(State.untaken)

    /// Takes nothing yet.
    init(folder: String, moment: Int) { (self.folder, self.moment) = (folder, moment) }

    /// Takes the lock, once. Blocks while a pruning is under way, behind which the moment is there or gone.
    func take() {
        state.withLock { state in
            guard case .untaken = state else { return }
            state = .taken(Self.open(moment, in: folder))
        }
    }

    /// Gives the lock back. It also ends with the value, and with the process.
    func release() {
        state.withLock { state in
            if case .taken(let descriptor?) = state { giveBack(descriptor) }
            state = .taken(nil)
        }
    }

    deinit { release() }

    private static func open(_ moment: Int, in folder: String) -> Int32? {
        guard case .locked(let gate) = Self.gate(of: folder).attempt(LOCK_SH, creates: true) else { return nil }
        defer { close(gate) }
        guard case .locked(let descriptor) = file(of: moment, in: folder).attempt(LOCK_SH, creates: true) else {
            return nil
        }
        return descriptor
    }

    private func giveBack(_ descriptor: Int32) {
        let file = Self.file(of: moment, in: folder)
        // Behind the gate nobody is about to lock a file that is just removed. Where it is shut, the next pruning removes it.
        if case .locked(let gate) = Self.gate(of: folder).attempt(LOCK_EX | LOCK_NB, creates: false) {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(file.path) }
            close(gate)
        }
        close(descriptor)
    }

    /// What is shut by a pruning: nobody begins to read a moment meanwhile.
    static func gate(of folder: String) -> LockFile { LockFile(path: "\(folder)/reading") }

    private static func file(of moment: Int, in folder: String) -> LockFile {
        LockFile(path: "\(folder)/\(prefix)\(moment)")
    }

    /// The moments of a backup that are being read. Blocks for a moment at most.
    ///
    /// - Parameter removesOthers: removes the files that killed processes have left; only for who has shut the gate.
    static func moments(in folder: String, removesOthers: Bool) throws -> Set<Int> {
        var found: Set<Int> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix(prefix) {
            guard let moment = Int(name.dropFirst(prefix.count)) else { continue }
            let file = file(of: moment, in: folder)
            switch file.attempt(LOCK_EX | LOCK_NB, creates: false) {
            case .locked(let descriptor):
                if removesOthers { unlink(file.path) }
                close(descriptor)
            case .missing: continue
            // What can't be looked at may be read.
            case .held, .failed: found.insert(moment)
            }
        }
        return found
    }
}
