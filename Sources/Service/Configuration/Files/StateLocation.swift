import Foundation

/// Which folder holds the state, and why.
package struct StateLocation: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// The key `state`.
        case configured
        /// `/var/lib/couchkeep`
        case system
        /// `couchkeep-state` beside the configuration, since `/var/lib/couchkeep` can't be written.
        case besideConfiguration
    }

    package static let ofSystem = "/var/lib/couchkeep"
    package static let nameBesideConfiguration = "couchkeep-state"

    package let path: String
    package let reason: Reason

    package init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// Decides.
    ///
    /// A configured folder is never exchanged for another: two states would each know one half.
    package static func choose(
        configured: String?, configurationFile: String, canWrite: (String) -> Bool = Self.canWrite
    ) -> StateLocation {
        if let configured { return StateLocation(path: configured, reason: .configured) }
        if canWrite(ofSystem) { return StateLocation(path: ofSystem, reason: .system) }
        let folder = ConfigurationFile.folder(of: configurationFile)
        return StateLocation(
            path: folder == "/" ? "/\(nameBesideConfiguration)" : "\(folder)/\(nameBesideConfiguration)",
            reason: .besideConfiguration)
    }

    /// Whether files can be made in a folder, or the folder itself where it isn't there yet.
    package static func canWrite(_ folder: String) -> Bool {
        var url = URL(fileURLWithPath: folder).standardizedFileURL
        var isFolder: ObjCBool = false
        while !FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), url.path != "/" {
            url.deleteLastPathComponent()
        }
        return isFolder.boolValue && FileManager.default.isWritableFile(atPath: url.path)
    }
}
