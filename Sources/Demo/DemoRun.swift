import CouchSim
import Foundation
import Service

/// The demo: puts up a stage, tells the story on it, and takes everything down again.
package struct DemoRun: Sendable {
    /// Who plays the servers.
    package enum Cast: Sendable {
        case simulated
        case real
    }

    private let cast: Cast
    private let keepsFolder: Bool
    private let narrator: Narrator

    /// - Parameter output: takes text as it is to be written, with its line ends.
    package init(
        _ cast: Cast, keepsFolder: Bool = false, style: TextStyle = .plain,
        output: @escaping @Sendable (String) -> Void
    ) {
        self.cast = cast
        self.keepsFolder = keepsFolder
        narrator = Narrator(style: style, output: output)
    }

    /// Tells the story.
    ///
    /// - Throws: ``DemoFailure``; `CancellationError`, after everything has been removed.
    package func run() async throws {
        if cast == .real, !LocalCouchDB.isInstalled {
            throw DemoFailure(.notInstalled, LocalCouchDB.howToInstall)
        }
        do {
            try await withOperatorFolder(isKept: keepsFolder) { folder in
                try await SMTPSink.run { sink in try await tell(in: folder, sink: sink) }
                if keepsFolder { narrator.kept(folder.path) }
            }
        } catch let error as DemoFailure {
            narrator.endProgress()
            throw error
        } catch {
            narrator.endProgress()
            try Task.checkCancellation()
            throw DemoFailure(.unexpected, "the demo can't go on: \(error)")
        }
    }

    private func tell(in folder: OperatorFolder, sink: SMTPSink) async throws {
        let tell: @Sendable (any Stage) async throws -> Void = { [narrator] stage in
            let scene = Scene(stage: stage, folder: folder, mailbox: Mailbox(sink), narrator: narrator)
            try await Story(scene).tell()
        }
        switch cast {
        case .simulated:
            try await SimulatedStage.run(tell)
        case .real:
            narrator.progress("starting two CouchDB servers")
            try await RealStage.run(scratch: folder.url, tell)
        }
    }
}
