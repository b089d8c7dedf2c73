import Foundation
import Service
import Testing

@Suite("Where the configuration and the state are")
struct LocationTests {
    private func choose(
        option: String? = nil, environment: [String: String] = [:], existing: Set<String> = []
    ) throws(ConfigurationError) -> ConfigurationLocation {
        try ConfigurationLocation.choose(option: option, environment: environment) { existing.contains($0) }
    }

    @Test func orderOfPlaces() throws {
        let all: Set = [ConfigurationLocation.inWorkingFolder, ConfigurationLocation.ofSystem]
        let environment = ["COUCHKEEP_CONFIG": "/env.yaml"]
        #expect(
            try choose(option: "/o.yaml", environment: environment, existing: all)
                == ConfigurationLocation(path: "/o.yaml", reason: .option))
        #expect(
            try choose(environment: environment, existing: all)
                == ConfigurationLocation(path: "/env.yaml", reason: .environment))
        #expect(
            try choose(environment: ["COUCHKEEP_CONFIG": ""], existing: all)
                == ConfigurationLocation(path: "couchkeep.yaml", reason: .workingFolder))
        #expect(
            try choose(existing: [ConfigurationLocation.ofSystem])
                == ConfigurationLocation(path: "/etc/couchkeep/couchkeep.yaml", reason: .system))
    }

    @Test func nowhere() {
        let error = #expect(throws: ConfigurationError.self) { try choose() }
        #expect(error?.issues.map(\.code) == [.notFound])
        #expect(error?.description.contains("couchkeep init") == true)
    }

    @Test func stateFolder() {
        func choose(_ configured: String?, writable: Bool) -> StateLocation {
            StateLocation.choose(configured: configured, configurationFile: "/srv/ck/couchkeep.yaml") { _ in writable }
        }
        #expect(choose("/x", writable: false) == StateLocation(path: "/x", reason: .configured))
        #expect(choose(nil, writable: true) == StateLocation(path: "/var/lib/couchkeep", reason: .system))
        #expect(
            choose(nil, writable: false)
                == StateLocation(path: "/srv/ck/couchkeep-state", reason: .besideConfiguration))
    }

    @Test func stateBesideARelativeConfiguration() {
        let location = StateLocation.choose(configured: nil, configurationFile: "couchkeep.yaml") { _ in false }
        #expect(location.path == FileManager.default.currentDirectoryPath + "/couchkeep-state")
    }

    @Test func writableFolders() throws {
        let folder = try TemporaryFolder()
        #expect(StateLocation.canWrite(folder.path))
        #expect(StateLocation.canWrite(folder.path + "/new/below"))
        let file = try folder.file("file", "")
        #expect(!StateLocation.canWrite(file))
        #expect(!StateLocation.canWrite(file + "/below"))
    }
}
