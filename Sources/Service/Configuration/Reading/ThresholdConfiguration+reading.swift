extension ThresholdConfiguration {
    init(reading reader: SectionReader) {
        self.init()
        lagWarning = reader.read("lag_warning", .duration, default: lagWarning)
        lagCritical = reader.read("lag_critical", .duration, default: lagCritical)
        changesWarning = reader.read("changes_warning", ValueKind<Int>.count.or("off"), default: changesWarning)
        changesCritical = reader.read("changes_critical", ValueKind<Int>.count.or("off"), default: changesCritical)
        pendingFor = reader.read("pending_for", .duration, default: pendingFor)
        stalledFor = reader.read("stalled_for", .duration, default: stalledFor)
        crashesPerHour = reader.read("crashes_per_hour", .count, default: crashesPerHour)
        massDeletion = reader.read("mass_deletion", .percentage, default: massDeletion)
        reader.requireOrder("lag_warning", lagWarning, "lag_critical", lagCritical, .duration)
        if let changesWarning, let changesCritical {
            reader.requireOrder("changes_warning", changesWarning, "changes_critical", changesCritical, .count)
        }
    }
}

extension RepairConfiguration {
    init(reading reader: SectionReader) {
        self.init()
        perHour = reader.read("per_hour", .count, default: perHour)
        backoff = reader.read("backoff", .duration, default: backoff)
        maxBackoff = reader.read("max_backoff", .duration, default: maxBackoff)
        reader.requireOrder("backoff", backoff, "max_backoff", maxBackoff, .duration)
    }
}

extension UnprotectedConfiguration {
    init(reading reader: SectionReader) {
        self.init(
            report: reader.read("report", .flag, default: true),
            ignore: (reader.list("ignore", of: .databasePattern) ?? []).compactMap { pattern in
                switch pattern {
                case .named(let name, _): return Glob(name)
                case .include(let glob): return glob
                case .exclude:
                    reader.report.add(
                        .invalidValue, at: reader.position(of: "ignore"),
                        "\(reader.path(of: "ignore")): an exclusion has no meaning here",
                        nextStep: "name the databases that need no backup, without !")
                    return nil
                }
            })
        if !reader.has("ignore") { reader.keep("ignore", .list([], origin: .default)) }
    }
}

extension SectionReader {
    /// Reports a first value that is larger than the second, unless both come from another section.
    fileprivate func requireOrder<Value: Comparable>(
        _ first: String, _ smaller: Value, _ second: String, _ larger: Value, _ kind: ValueKind<Value>
    ) {
        guard smaller > larger, has(first) || has(second) else { return }
        report.add(
            .invalidValue, at: position(of: has(first) ? first : second),
            "\(path(of: first)) (\(kind.text(smaller))) is larger than \(second) (\(kind.text(larger)))",
            nextStep: "give \(has(second) ? first : second) another value")
    }
}
