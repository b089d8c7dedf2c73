import Secrets

/// What comes to light while a file is read: issues, secrets, the places of values.
///
/// Lives only as long as one reading, in one task.
final class ReadingReport {
    let file: String
    /// The folder that relative paths in the file start from.
    let folder: String
    let document: YAMLDocument
    private(set) var issues: [ConfigurationIssue] = []
    private(set) var warnings: [ConfigurationIssue] = []
    private(set) var secrets: [SecretUse] = []
    private(set) var positions: [String: FilePosition] = [:]

    init(file: String, folder: String, document: YAMLDocument) {
        self.file = file
        self.folder = folder
        self.document = document
    }

    func add(_ code: ConfigurationIssue.Code, at position: FilePosition?, _ message: String, nextStep: String) {
        issues.append(
            ConfigurationIssue(code, file: file, position: position, message: message, nextStep: nextStep))
    }

    func warn(_ code: ConfigurationIssue.Code, at position: FilePosition?, _ message: String, nextStep: String) {
        warnings.append(
            ConfigurationIssue(code, file: file, position: position, message: message, nextStep: nextStep))
    }

    func note(_ secret: SecretUse) {
        if !secrets.contains(secret) { secrets.append(secret) }
    }

    func note(_ path: String, at position: FilePosition) { positions[path] = position }
}
