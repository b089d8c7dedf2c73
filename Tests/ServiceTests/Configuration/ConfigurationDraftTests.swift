import CouchDB
import Foundation
import Secrets
import Service
import Testing

@Suite("The configuration that init writes")
struct ConfigurationDraftTests {
    private func draft(
        password: SecretSource? = .file("/run/credentials/couchkeep/production"),
        databases: [String] = ["orders", "a/b"]
    ) throws -> ConfigurationDraft {
        ConfigurationDraft(
            source: .init(
                name: "couch1", url: try ServerURL("https://couch1.example.org:6984/db"),
                user: password == nil ? nil : "backup: \"x\"", password: password, caFile: "/etc/ca file.pem",
                version: "CouchDB 3.5.0"),
            target: .init(name: "couch2", url: try ServerURL("http://[::1]:5984"), version: "CouchDB 1.7.2\nservers:"),
            databases: databases)
    }

    @Test(arguments: [
        nil, SecretSource.file("/run/credentials/couchkeep/production"), .environment("COUCH_PASSWORD"),
        .command(["pass", "show", "couch db"]), .inline(Secret("p: \"w#'\\ 🛋")),
    ])
    func readsBackAsMeant(password: SecretSource?) throws {
        let draft = try draft(password: password)
        let configuration = try Samples.read(draft.text()).configuration
        #expect(
            configuration
                == Configuration(
                    servers: [
                        ServerConfiguration(
                            name: "couch1", url: draft.source.url, user: draft.source.user, password: password,
                            caFile: "/etc/ca file.pem"),
                        ServerConfiguration(name: "couch2", url: draft.target.url),
                    ],
                    pairs: [
                        PairConfiguration(
                            source: "couch1", target: .server("couch2"),
                            databases: DatabaseSelection([.include(Glob("*"))]))
                    ]))
    }

    /// Each line that is out of force can be put in force, and then the whole is still good.
    @Test func examplesInItAreValid() throws {
        let text = try draft().text()
        let inForce = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let start = line.prefix { $0 == " " }
            let rest = line.dropFirst(start.count)
            // Prose has a space after its #.
            return rest.hasPrefix("#") && !rest.hasPrefix("# ") ? "\(start)\(rest.dropFirst())" : String(line)
        }.joined(separator: "\n")
        let configuration = try Samples.read(inForce).configuration
        #expect(configuration.notify.email != nil && configuration.notify.heartbeat != nil)
        #expect(configuration.notify.webhook?.headers.isEmpty == false && configuration.notify.command != nil)
        #expect(configuration.vault?.keep != nil && configuration.vault?.key != nil)
        #expect(configuration.pairs[0].thresholds != ThresholdConfiguration())
        #expect(configuration.verify?.revisions != nil && configuration.drill?.server == "couch2")
    }

    @Test func namesTheDatabases() throws {
        let text = try draft(databases: ["orders", "evil\nservers: {}"] + (1...300).map { "db-\($0)" }).text()
        let words = text.replacing("\n  # ", with: " ")
        #expect(words.contains("302 databases found: db-1, db-10,"))
        #expect(words.contains("and 102 more."))
        _ = try Samples.read(text)
        for line in text.split(separator: "\n") {
            #expect(line.count <= 120, "\(line)")
        }
    }

    @Test func namesOfServers() throws {
        func names(_ source: String, _ target: String) throws -> [String] {
            let names = ConfigurationDraft.names(source: try ServerURL(source), target: try ServerURL(target))
            return [names.source, names.target]
        }
        #expect(try names("https://couch1.example.org", "https://couch2.example.org:6984") == ["couch1", "couch2"])
        #expect(try names("http://10.0.0.7:5984", "http://[fd00::2]:5984") == ["source", "target"])
        #expect(try names("http://localhost:5984", "http://couch2") == ["source", "target"])
        #expect(try names("http://couch:1", "http://couch:2") == ["source", "target"])
        #expect(try names("http://vault", "http://b") == ["source", "target"])
    }

    @Test func fileIsPrivateAndWhole() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/couchkeep.yaml"
        let text = try draft().text()
        try NewFile.write(text, to: path)
        #expect(try folder.mode(of: path) == 0o600)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(try folder.names() == ["couchkeep.yaml"])
        _ = try ConfigurationFile.load(path)
    }

    @Test func existingFileIsKept() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("couchkeep.yaml", "mine", mode: 0o644)
        let link = folder.path + "/link.yaml"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path + "/nowhere")
        for path in [path, link] {
            let error = try #require(throws: ConfigurationError.self) {
                try NewFile.write("new", to: path)
            }
            #expect(error.issues.map(\.code) == [.fileExists])
            #expect(error.issues[0].nextStep.contains("--output"))
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try folder.names() == ["couchkeep.yaml", "link.yaml"])
    }

    @Test func folderThatIsNotThere() throws {
        let folder = try TemporaryFolder()
        let error = try #require(throws: ConfigurationError.self) {
            try NewFile.write("new", to: folder.path + "/no/couchkeep.yaml")
        }
        #expect(error.issues.map(\.code) == [.fileNotWritten])
    }
}
