/// What the configuration may say but this version can't do yet: the one place that knows.
enum FeatureSupport {
    static func check(_ reader: SectionReader, _ configuration: Configuration) {
        let report = reader.report
        for (index, pair) in configuration.pairs.enumerated() where pair.target == .vault {
            report.add(
                .notSupportedYet, at: report.positions["pairs[\(index)].target"],
                "pairs[\(index)].target: the vault is not yet supported by this version",
                nextStep: "name a server as target, or remove the pair")
        }
        if configuration.verify != nil {
            report.warn(
                .notSupportedYet, at: reader.position(of: "verify"),
                "verify: scheduled verification is not yet supported by this version, so nothing is compared",
                nextStep: "leave it for a later version, or remove it")
        }
    }
}
