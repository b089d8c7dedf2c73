// swift-tools-version: 6.2
import PackageDescription

// libFuzzer programs for what reads bytes of the network. A package of its own, so that only those sources are built with
// sanitizers, in seconds, and not the HTTP stack with them: Sources/CouchDB holds links to them.
let sanitizers = ["-sanitize=fuzzer,address"]

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "CouchDB", swiftSettings: [.unsafeFlags(sanitizers)]),
        .target(name: "Driver", dependencies: ["CouchDB"], swiftSettings: [.unsafeFlags(sanitizers)]),
    ]
        + ["FuzzChanges", "FuzzDocument", "FuzzMultipart"].map { name in
            .executableTarget(
                name: name, dependencies: ["CouchDB", "Driver"],
                swiftSettings: [.unsafeFlags(sanitizers + ["-parse-as-library"])],
                // gold, the default linker, fails on this debug information.
                linkerSettings: [.unsafeFlags(sanitizers + ["-use-ld=lld"])])
        },
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    target.swiftSettings?.append(contentsOf: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ])
}
