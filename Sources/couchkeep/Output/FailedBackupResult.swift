/// The JSON form of a backup that was not made.
struct FailedBackupResult: Encodable {
    var schema = "couchkeep/backup/1"
    var backup: String
    var result = "failed"
    var reason: String
}
