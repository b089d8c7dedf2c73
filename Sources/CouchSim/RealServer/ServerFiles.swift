import Foundation

/// The folder of one private CouchDB server: its configuration, its data, its log.
struct ServerFiles: Sendable {
    let folder: URL

    var data: URL { folder.appending(path: "data") }
    var configuration: URL { folder.appending(path: "local.ini") }
    var arguments: URL { folder.appending(path: "vm.args") }
    var log: URL { folder.appending(path: "couchdb.log") }
    var output: URL { folder.appending(path: "output.log") }

    /// Makes a folder with a name of its own below the temporary folder, readable by this user alone.
    static func make() throws -> ServerFiles {
        let folder = FileManager.default.temporaryDirectory.appending(path: "couchsim-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "data"), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return ServerFiles(folder: folder)
    }

    /// Writes the configuration; without a node name there is no distribution, hence no epmd and no clash of names.
    func write(settings: [String: [String: String]]) throws {
        let ini = settings.sorted { $0.key < $1.key }.map { section, values in
            let lines = values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
            return "[\(section)]\n\(lines.joined(separator: "\n"))\n"
        }
        try Data(ini.joined(separator: "\n").utf8).write(to: configuration)
        let arguments = """
            -kernel error_logger silent
            -sasl sasl_error_logger false
            +Bd -noinput
            -ssl session_lifetime 300
            -os_mon start_cpu_sup false
            -os_mon start_memsup false
            -os_mon start_disksup false

            """
        try Data(arguments.utf8).write(to: self.arguments)
    }

    /// Removes the folder with all that is in it.
    func remove() throws {
        try FileManager.default.removeItem(at: folder)
    }

    /// The last lines of the server's log, for the message of a failed start.
    func tail() -> String {
        [output, log].map { file in
            // A server that never came up may not have written either file.
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").suffix(12).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
