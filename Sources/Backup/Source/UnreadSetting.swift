import CouchDB
import Vault

/// A setting of the source that CouchDB did not hand out; the moment has what was last read of it, if anything.
package struct UnreadSetting: Sendable, CustomStringConvertible {
    package var part: SourceSettings.Part
    /// CouchDB's answer.
    package var error: CouchError

    /// What happened, as a sentence without a final stop.
    package var description: String {
        "\(part.rawValue) could not be read, and the moment has what was last read of it, if anything: \(error)"
    }
}
