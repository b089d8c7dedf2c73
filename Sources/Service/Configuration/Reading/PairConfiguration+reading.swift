import Backup
import CouchDB
import Yams

extension PairConfiguration {
    /// Reads the section `pairs`.
    static func all(
        reading reader: SectionReader, servers: [ServerConfiguration.Defined], thresholds: SectionReader,
        repairs: SectionReader
    ) -> [PairConfiguration] {
        guard reader.value("pairs") != nil else {
            reader.reportMissing("pairs")
            return []
        }
        guard let items = reader.list("pairs") else { return [] }
        if items.isEmpty {
            reader.report.add(
                .missingKey, at: reader.position(of: "pairs"), "pairs names nothing to back up",
                nextStep: "add an entry such as - {source: …, target: …, databases: [\"*\"]}")
        }
        var sections: [[EffectiveNode.Member]] = []
        var seen: [PairConfiguration] = []
        for item in items {
            let section = SectionReader(item.node, .pair, path: item.path, report: reader.report)
            let pair = PairConfiguration(
                reading: section, servers: servers, thresholds: thresholds, repairs: repairs)
            sections.append(section.effective)
            guard let pair else { continue }
            pair.reportRepetition(of: seen, section)
            seen.append(pair)
        }
        reader.keep("pairs", .sections(sections))
        return seen
    }

    private init?(
        reading reader: SectionReader, servers: [ServerConfiguration.Defined], thresholds: SectionReader,
        repairs: SectionReader
    ) {
        let source = reader.serverName("source", among: servers)
        let target = reader.serverName("target", among: servers, or: [Target.vaultWord])
        let rename = reader.read("rename", .rename, default: RenameTemplate.same)
        let databases = DatabaseSelection(reading: reader, rename: rename)
        let runOn = reader.read("run_on", .choice, default: RunOn.target)
        let mode = reader.read("mode", .choice, default: Mode.manage)
        let createTarget = reader.read("create_target", .flag, default: true)
        let compareSecurity = reader.read("compare_security", .flag, default: true)
        let thresholdSection = reader.section("thresholds", .thresholds, inheriting: thresholds)
        let thresholds = ThresholdConfiguration(reading: thresholdSection)
        reader.keep("thresholds", thresholdSection)
        let repairSection = reader.section("repairs", .repairs, inheriting: repairs)
        let repairs = RepairConfiguration(reading: repairSection)
        reader.keep("repairs", repairSection)
        guard let source, let target, let databases else { return nil }
        self.init(
            source: source, target: target == Target.vaultWord ? .vault : .server(target), databases: databases,
            runOn: runOn, mode: mode, createTarget: createTarget, compareSecurity: compareSecurity,
            thresholds: thresholds, repairs: repairs)
        checkNames(reader)
    }

    /// Reports what can't be meant, whatever the server holds.
    private func checkNames(_ reader: SectionReader) {
        let named = databases.matches(databases.explicitNames)
        for problem in named.problems {
            reader.report.add(
                .targetCollision, at: reader.position(of: "databases"), "\(reader.path): \(problem)",
                nextStep: "give each its own name: - {source: NAME, target: OTHER_NAME}")
        }
        for database in named.selected where target == .server(source) && database.source == database.target {
            reader.report.add(
                .sourceIsTarget, at: reader.position(of: "target"),
                "\(reader.path): \(database.source) would be backed up into itself",
                nextStep: "name another server as target, or another database with rename: \"{name}-backup\"")
        }
        if target == .server(source), databases.rename == .same, databases.hasWildcards {
            reader.report.add(
                .sourceIsTarget, at: reader.position(of: "target"),
                "\(reader.path): source and target are the same server, so databases would be backed up into themselves",
                nextStep: "name another server as target, or add rename: \"{name}-backup\"")
        }
        for database in named.selected where target != .vault && SystemDatabase.isReplicator(database.target) {
            let harmless = "\(database.target.dropLast("_replicator".count))replicator_backup"
            reader.report.add(
                .invalidValue, at: reader.position(of: "databases"),
                "\(reader.path): a copy of replication documents in \(database.target) would run there as well",
                nextStep: "give it another name: - {source: \(database.source), target: \(harmless)}")
        }
    }

    /// Reports databases that an earlier entry names for the same target.
    private func reportRepetition(of earlier: [PairConfiguration], _ reader: SectionReader) {
        for (index, other) in earlier.enumerated() where other.source == source && other.target == target {
            let mine = Set(databases.matches(databases.explicitNames).selected)
            let both = mine.intersection(other.databases.matches(other.databases.explicitNames).selected)
            let isSame = other.databases == databases
            guard isSame || !both.isEmpty else { continue }
            let names = isSame ? "the same databases" : both.map(\.source).sorted().joined(separator: ", ")
            reader.report.add(
                .duplicatePair, at: reader.position,
                "\(reader.path) covers \(names) from \(source) to \(target), as an earlier entry (number \(index + 1)) does",
                nextStep: "remove them from one of the two")
        }
    }
}
