import Foundation

extension CrashCause {
    /// The beginning of a reason in one line, where the cause's sentence does not say what to look for; else nothing.
    ///
    /// - Parameter reason: as CouchDB tells it; who logs in is left out of its addresses.
    package func excerpt(of reason: String) -> String {
        guard Self.vague.contains(self) else { return "" }
        let bare = reason.replacing(#/\/\/[^\/\s]*@/#, with: "//")
        let line = String(
            String.UnicodeScalarView(
                bare.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })
        ).split(separator: " ").joined(separator: " ")
        guard !line.isEmpty else { return "" }
        return ": \(line.prefix(Self.excerptLength))\(line.count > Self.excerptLength ? "…" : "")"
    }

    /// The causes whose sentence does not say what to look for.
    private static let vague: Set<CrashCause> = [
        .other, .poisonDocument, .documentIDRefused, .notPermitted, .addressWrong, .notCouchDB,
    ]

    /// How much of a reason a summary bears.
    private static let excerptLength = 160
}
