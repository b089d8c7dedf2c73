import Secrets
import Yams

/// Reads a configuration's text: pure, apart from nothing.
package enum ConfigurationReader {
    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: The YAML.
    ///   - file: The file's name, as errors show it.
    ///   - folder: The folder that relative paths in it start from.
    ///   - exposure: The file's mode, such as `0644`, when others than its owner may read it.
    /// - Throws: All errors at once.
    package static func read(
        _ text: String, file: String, folder: String, exposure: String? = nil
    ) throws(ConfigurationError) -> LoadedConfiguration {
        // Some editors begin a file with a byte order mark, which YAML takes for text.
        let mark = "\u{FEFF}"
        let document: YAMLDocument
        do {
            document = try YAMLDocument(text.hasPrefix(mark) ? String(text.dropFirst()) : text)
        } catch {
            let usual =
                "compare indentation, colons and quotes with the lines around; put patterns such as \"*\" and \"!test-*\" in quotes"
            let hasTab = error.position.map { isIndentedByTab($0.line, of: text) } ?? false
            throw ConfigurationError([
                ConfigurationIssue(
                    .syntax, file: file, position: error.position, message: "this is not YAML: \(error.message)",
                    nextStep: hasTab ? "the line begins with a tab: YAML takes spaces alone there" : usual)
            ])
        }
        let report = ReadingReport(file: file, folder: folder, document: document)
        guard let root = document.root, !root.isEmptyValue else {
            throw ConfigurationError(
                .missingKey, file: file, message: "the file has no content",
                nextStep: "run: couchkeep init SOURCE TARGET")
        }
        let reader = SectionReader(root, .file, path: "", report: report)
        let configuration = Configuration(reading: reader)
        checkExposure(exposure, report)
        guard report.issues.isEmpty else { throw ConfigurationError(report.issues) }
        return LoadedConfiguration(
            file: file, configuration: configuration,
            effective: EffectiveConfiguration(file: file, root: reader.effective),
            warnings: report.warnings.sorted(), secrets: report.secrets, positions: report.positions)
    }

    /// - Parameter line: counted from 1.
    private static func isIndentedByTab(_ line: Int, of text: String) -> Bool {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(line - 1) else { return false }
        return lines[line - 1].prefix { $0.isWhitespace }.contains("\t")
    }

    private static func checkExposure(_ exposure: String?, _ report: ReadingReport) {
        let inline = report.secrets.filter(\.source.isInline)
            .sorted { $0.position < $1.position }
        guard let exposure, let first = inline.first else { return }
        report.add(
            .fileExposed, at: first.position,
            "the file holds secrets (\(inline.map(\.path).joined(separator: ", "))), and is open to others than its "
                + "owner (mode \(exposure))",
            nextStep: "run: chmod 600 \(report.file), or use password_file")
    }
}

extension Configuration {
    init(reading reader: SectionReader) {
        let servers = ServerConfiguration.all(reading: reader)
        let thresholds = reader.section("thresholds", .thresholds)
        let repairs = reader.section("repairs", .repairs)
        // Read here for errors and to be shown, even where no pair needs them.
        _ = ThresholdConfiguration(reading: thresholds)
        _ = RepairConfiguration(reading: repairs)
        let pairs = PairConfiguration.all(
            reading: reader, servers: servers, thresholds: thresholds, repairs: repairs)
        reader.keep("thresholds", thresholds)
        reader.keep("repairs", repairs)
        let unprotected = reader.section("unprotected", .unprotected)
        let unprotectedValue = UnprotectedConfiguration(reading: unprotected)
        reader.keep("unprotected", unprotected)
        let notify = reader.section("notify", .notify)
        let notifyValue = NotifyConfiguration(reading: notify)
        reader.keep("notify", notify)
        self.init(
            servers: servers.compactMap(\.server), pairs: pairs, unprotected: unprotectedValue,
            vault: VaultConfiguration(reading: reader, isUsed: pairs.contains { $0.target == .vault }),
            verify: VerifyConfiguration(reading: reader),
            drill: DrillConfiguration(reading: reader, servers: servers),
            notify: notifyValue, state: reader.read("state", .path(from: reader.report.folder)))
    }
}
