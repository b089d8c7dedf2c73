import ArgumentParser
import CouchDB
import Foundation
import Secrets
import Service

/// `couchkeep init`: a first configuration from two URLs.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Ask two servers, and write a configuration that backs up the one to the other.",
        discussion: """
            Example:
              couchkeep init https://couch1.example.org:6984 https://couch2.example.org:6984 \\
                --source-user backup --source-password-file /etc/couchkeep/couch1.password \\
                --target-user backup --target-password-file /etc/couchkeep/couch2.password

            The usual keys are explained in the file, which only its owner may read. An existing file is never replaced. \
            Without a password option you are asked for the password at the terminal; it is then written into the file.
            """)

    @Argument(help: "The server to back up.") var source: String
    @Argument(help: "The server that holds the backup.") var target: String
    @Option(help: ArgumentHelp("The user at the source.", valueName: "user")) var sourceUser: String?
    @Option(help: ArgumentHelp("A file with the password at the source, mode 0600.", valueName: "file"))
    var sourcePasswordFile: String?
    @Option(help: ArgumentHelp("An environment variable with the password at the source.", valueName: "name"))
    var sourcePasswordEnv: String?
    @Option(help: ArgumentHelp("The user at the target.", valueName: "user")) var targetUser: String?
    @Option(help: ArgumentHelp("A file with the password at the target, mode 0600.", valueName: "file"))
    var targetPasswordFile: String?
    @Option(help: ArgumentHelp("An environment variable with the password at the target.", valueName: "name"))
    var targetPasswordEnv: String?
    @Option(help: ArgumentHelp("A file with certificates of authorities to trust.", valueName: "file")) var caFile:
        String?
    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
    var output = ConfigurationLocation.inWorkingFolder

    func run() async throws {
        let sourceLogin = try login(
            source, "source", user: sourceUser, file: sourcePasswordFile, variable: sourcePasswordEnv)
        let targetLogin = try login(
            target, "target", user: targetUser, file: targetPasswordFile, variable: targetPasswordEnv)
        let draft = try await FirstConfiguration(source: sourceLogin, target: targetLogin, caFile: caFile).draft()
        try NewFile.write(draft.text(), to: output)
        Console.out(
            """
            Wrote \(output): \(draft.source.name) to \(draft.target.name), \
            \(Wording.counted(draft.databases.count, "database")), new ones included.
            Next: couchkeep check --dry-run --config \(output)
            """)
    }

    private func login(
        _ url: String, _ side: String, user: String?, file: String?, variable: String?
    ) throws -> FirstConfiguration.Login {
        if file != nil, variable != nil {
            throw ValidationError("give either --\(side)-password-file or --\(side)-password-env")
        }
        var login = try FirstConfiguration.Login(url: url, user: user)
        if login.hasPasswordInURL {
            Console.error(
                "warning: the password of the \(side) stands in the command line, where others can see it; "
                    + "better use --\(side)-user and --\(side)-password-file")
        }
        if let file { login.password = .file(URL(fileURLWithPath: file).path) }
        if let variable { login.password = .environment(variable) }
        if login.user != nil, login.password == nil {
            login.password = .inline(try PasswordPrompt.ask("Password of \(login.user ?? "") at \(login.url): "))
        }
        return login
    }
}
