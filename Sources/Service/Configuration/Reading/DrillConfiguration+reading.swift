extension DrillConfiguration {
    /// Reads the section `drill`, when it is there.
    init?(reading reader: SectionReader, servers: [ServerConfiguration.Defined]) {
        guard let section = reader.optionalSection("drill", .drill) else { return nil }
        self.init(
            every: section.read("every", ValueKind<Duration>.duration.or("off"), default: nil),
            server: section.value("server") == nil ? nil : section.serverName("server", among: servers),
            budget: section.read("budget", .duration, default: Self.defaultBudget))
        if !section.has("every") {
            reader.report.warn(
                .doubtful, at: section.position, "drill has no every, so nothing is rehearsed by schedule",
                nextStep: "add a line such as `every: 7d`")
        }
        reader.keep("drill", section)
    }
}
