import CouchDB

/// Databases whose documents make a server do something.
package enum DatabaseNames {
    /// Why a restore of all databases leaves one out; nil for most.
    package static func reasonToLeaveOut(_ name: String) -> String? {
        if SystemDatabase.isReplicator(name) {
            return "its replications would begin to run; restore it under another name"
        }
        if name == "_global_changes" {
            return "CouchDB writes down there by itself which databases have changed, and a server has its own"
        }
        return nil
    }

    /// The design document that CouchDB puts into every database of accounts by itself.
    static let usersDesign = "_design/_auth"
}
