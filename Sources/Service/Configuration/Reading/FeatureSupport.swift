/// What the configuration may say but this version can't do yet: the one place that knows.
enum FeatureSupport {
    static func check(_ reader: SectionReader, _ configuration: Configuration) {
        if configuration.verify != nil {
            reader.report.warn(
                .notSupportedYet, at: reader.position(of: "verify"),
                "verify: scheduled verification is not yet supported by this version, so nothing is compared",
                nextStep: "leave it for a later version, or remove it")
        }
    }
}
