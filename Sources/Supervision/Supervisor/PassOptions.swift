import Foundation

/// What one pass may do.
package struct PassOptions: Sendable, Hashable {
    /// Show the plan and change nothing, not even the memory.
    package var isDryRun: Bool
    /// Take over replication documents of others, and accept replaced servers and sources.
    package var adopts: Bool
    /// The pairs and servers that alone are meant by it; all where nil.
    package var adoptsOnly: Set<String>?
    /// The names of pairs whose source is to be read again from the beginning.
    package var rescans: Set<String>
    /// When the last comparison of each pair began, of those whose last comparison said equal, by ``proofKey(source:target:)``;
    /// nil where nobody compares pairs.
    package var proofs: [String: Date]?
    /// When the last comparison of each pair began, of those whose last comparison found the same revisions on both sides.
    package var equalities: [String: Date] = [:]

    /// What a pair is known by to those that compare it: the URLs of its two sides.
    package static func proofKey(source: String, target: String) -> String { "\(source) -> \(target)" }

    package init(
        isDryRun: Bool = false, adopts: Bool = false, adoptsOnly: Set<String>? = nil, rescans: Set<String> = [],
        proofs: [String: Date]? = nil
    ) {
        self.adoptsOnly = adoptsOnly
        self.proofs = proofs
        self.isDryRun = isDryRun
        self.adopts = adopts
        self.rescans = rescans
    }

    /// Whether what is told of a pair or a server is taken for right.
    package func isAdopted(_ name: String) -> Bool { adopts && adoptsOnly?.contains(name) ?? true }
}
