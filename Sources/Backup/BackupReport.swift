import CouchDB
import Foundation
import Replication
import Vault

/// How one backup run has ended.
package struct BackupReport: Sendable {
    /// The backup's name in the vault.
    package var name: String
    /// The moment that the run added, or the newest one, which it only confirmed.
    package var moment: Moment
    /// Whether the run added it.
    package var isNew: Bool
    /// What was copied, and what was set aside.
    package var replication: ReplicationReport
    /// Whether the source was known again.
    package var source: SourceVerdict
    /// Whether the source now carries the backup's mark; without it, a source that was put back from a copy is only
    /// noticed by its `instance_start_time`.
    package var isMarked: Bool
    /// Why the mark could not be left, other than that the account may not write to the source.
    package var markFailure: CouchError?
    /// The settings of the source that CouchDB did not hand out.
    package var unread: [UnreadSetting]
    /// What was damaged of the backup and is stored anew; nil where nothing that was met. Older moments may lack it.
    package var damage: DamagedState?
    /// The nodes of the source's cluster that were away at the beginning or the end; nil where none was. Where acknowledged
    /// writes may be with them, the moment is not complete.
    package var nodesAway: NodesAway?

    /// Whether something of the source is not in the backup.
    package var isIncomplete: Bool { !moment.isComplete }
}
