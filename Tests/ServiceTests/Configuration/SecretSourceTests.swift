import Foundation
import Testing

@testable import Secrets

@Suite("Secrets from files, variables and commands")
struct SecretSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: ["relax", "relax\n", "relax\r\n", "relax\n\n"])
    func fileWithoutLineEnd(content: String) async throws {
        let path = try folder.file("secret", content)
        #expect(try await SecretSource.file(path).resolve().reveal() == "relax")
    }

    @Test func spacesInsideStay() async throws {
        let path = try folder.file("secret", " two words \n")
        #expect(try await SecretSource.file(path).resolve().reveal() == " two words ")
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o620, 0o602])
    func exposedFileIsRefused(mode: Int) async throws {
        let path = try folder.file("secret", "hunter2", mode: mode)
        let error = await #expect(throws: SecretError.self) { try await SecretSource.file(path).resolve() }
        #expect(error?.code == .fileExposed)
        #expect(error?.nextStep == "run: chmod 600 \(path)")
        #expect(error?.message.contains("0\(String(mode, radix: 8))") == true)
    }

    @Test(arguments: [0o600, 0o400, 0o700])
    func privateFileIsTaken(mode: Int) async throws {
        let path = try folder.file("secret", "hunter2", mode: mode)
        #expect(try await SecretSource.file(path).resolve().reveal() == "hunter2")
    }

    /// What systemd and container runtimes mount has modes of their own; links into such a folder count, too.
    @Test func guardedFolderIsExempt() async throws {
        let guarded = folder.path + "/run/credentials"
        let path = try folder.file("run/credentials/couchkeep/production", "hunter2", mode: 0o444)
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        for path in [path, link] {
            let secret = try await SecretSource.file(path).resolve(
                environment: nil, timeout: .seconds(1), guardedFolders: [guarded])
            #expect(secret.reveal() == "hunter2")
        }
        let similar = try folder.file("run/credentials-of-others/production", "hunter2", mode: 0o444)
        await #expect(throws: SecretError(.fileExposed, "", nextStep: "")) {
            try await SecretSource.file(similar).resolve(
                environment: nil, timeout: .seconds(1), guardedFolders: [guarded])
        }
    }

    @Test func missingFile() async throws {
        let path = folder.path + "/nowhere"
        let error = await #expect(throws: SecretError.self) { try await SecretSource.file(path).resolve() }
        #expect(error?.code == .fileMissing)
        #expect(error?.description.contains(path) == true)
    }

    @Test func folderAndPipeAreRefusedWithoutWaiting() async throws {
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for path in [folder.path, pipe] {
            await #expect(throws: SecretError(.fileUnreadable, "", nextStep: "")) {
                try await SecretSource.file(path).resolve()
            }
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may read any file"))
    func unreadableFile() async throws {
        let path = try folder.file("secret", "hunter2", mode: 0)
        await #expect(throws: SecretError(.fileUnreadable, "", nextStep: "")) {
            try await SecretSource.file(path).resolve()
        }
    }

    @Test(arguments: [
        ("", SecretError.Code.empty), ("\n", .empty), ("one\ntwo", .malformed), ("tab\there", .malformed),
        ("nul\u{0}", .malformed),
    ])
    func unusableContent(content: String, code: SecretError.Code) async throws {
        let path = try folder.file("secret", content)
        let fromFile = await #expect(throws: SecretError.self) { try await SecretSource.file(path).resolve() }
        #expect(fromFile?.code == code)
        let fromVariable = await #expect(throws: SecretError.self) {
            try await SecretSource.environment("X").resolve(environment: ["X": content])
        }
        #expect(fromVariable?.code == code)
    }

    @Test func notUTF8AndTooLarge() async throws {
        let path = try folder.file("secret", "")
        try Data([0x66, 0xFF]).write(to: URL(fileURLWithPath: path))
        await #expect(throws: SecretError(.malformed, "", nextStep: "")) {
            try await SecretSource.file(path).resolve()
        }
        let large = try folder.file("large", String(repeating: "x", count: SecretSource.limit + 1))
        await #expect(throws: SecretError(.fileUnreadable, "", nextStep: "")) {
            try await SecretSource.file(large).resolve()
        }
    }

    @Test func environmentVariable() async throws {
        let source = SecretSource.environment("COUCH_PASSWORD")
        #expect(try await source.resolve(environment: ["COUCH_PASSWORD": "relax"]).reveal() == "relax")
        let error = await #expect(throws: SecretError.self) { try await source.resolve(environment: [:]) }
        #expect(error?.code == .variableMissing)
        #expect(error?.message.contains("COUCH_PASSWORD") == true)
    }

    @Test func commandByNameAndByPath() async throws {
        #expect(try await SecretSource.command(["echo", "relax"]).resolve().reveal() == "relax")
        let script = try folder.file("print", "#!/bin/sh\necho \"$1\"\n", mode: 0o700)
        #expect(try await SecretSource.command([script, "from a script"]).resolve().reveal() == "from a script")
    }

    @Test(arguments: [
        ["/bin/sh", "-c", "echo hunter2; echo hunter2 >&2; exit 3"], ["no-such-program-here", "hunter2"],
        ["/nowhere/program", "hunter2"], [""], ["head", "-c", "70000", "/dev/zero"],
    ])
    func failedCommand(words: [String]) async throws {
        let error = await #expect(throws: SecretError.self) { try await SecretSource.command(words).resolve() }
        #expect(error?.code == .commandFailed)
        #expect(error?.description.contains("hunter2") == false)
    }

    /// The shell's child holds the output open: it must end, too.
    @Test(arguments: ["sleep 3600", "sleep 3600; echo relax", "sleep 3600 & echo relax; wait"])
    func slowCommandIsEnded(line: String) async throws {
        let error = await #expect(throws: SecretError.self) {
            try await SecretSource.command(["/bin/sh", "-c", line]).resolve(timeout: .milliseconds(200))
        }
        #expect(error?.code == .commandTimeout)
    }

    @Test(.timeLimit(.minutes(1))) func whatAShellStartedIsEndedToo() async throws {
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        await #expect(throws: SecretError(.commandTimeout, "", nextStep: "")) {
            try await SecretSource.command(["/bin/sh", "-c", "exec 3>\(pipe); echo x >&3; sleep 3600 & wait"])
                .resolve(timeout: .milliseconds(200))
        }
        // The pipe's end is only seen when the shell and its child are gone.
        try #require(fcntl(reader, F_SETFL, 0) == 0)
        let written = try FileHandle(fileDescriptor: reader, closeOnDealloc: false).readToEnd()
        #expect(written == Data("x\n".utf8))
    }

    @Test func cancellationIsNotAFailure() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await SecretSource.command(["sleep", "3600"]).resolve()
                }
            }
            group.cancelAll()
        }
    }

    @Test func descriptionsHideSecrets() {
        let sources: [SecretSource] = [
            .inline(Secret("hunter2")), .command(["vault", "hunter2"]), .file("/run/x"), .environment("NAME"),
        ]
        for source in sources {
            #expect(!"\(source)".contains("hunter2"))
        }
        #expect("\(sources[2])" == "the file /run/x")
        #expect("\(sources[3])" == "the environment variable NAME")
        var dumped = ""
        dump(SecretSource.inline(Secret("hunter2")), to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }
}
