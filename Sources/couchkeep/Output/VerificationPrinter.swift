import CouchDB
import Foundation
import Replication

/// Prints how a verification has ended.
struct VerificationPrinter {
    let source: String
    let target: String

    /// A screen of text, the first twenty differences on it.
    func text(_ result: Verification.Result) {
        let counts = result.counts
        let time = DurationWords.text(result.elapsed / .seconds(1))
        switch result.verdict {
        case .equal:
            Console.out(
                "EQUAL: \(counts.equal) documents of \(source) and \(target), level \(result.level.rawValue), \(time)")
        case .different:
            Console.out("DIFFERENT: \(source) and \(target), level \(result.level.rawValue), \(time)")
        case .unknown:
            Console.out("UNKNOWN: \(source) and \(target), level \(result.level.rawValue), \(time)")
        }
        if let reason = result.reason { Console.out("  \(reason)") }
        Console.out("  as of \(result.at.formatted(.iso8601)), source sequence \(result.sequence)")
        guard !counts.isEqual else { return }
        Console.out(
            "  equal \(counts.equal), missing \(counts.missing), extra \(counts.extra), other leaves \(counts.otherLeaves)"
        )
        for difference in result.differences.prefix(20) { Console.out("  \(Self.words(difference))") }
        if counts.different > 20, !result.differences.isEmpty {
            Console.out("  and \(counts.different - 20) more; --json or --output FILE lists them")
        }
    }

    /// One JSON object.
    func json(_ result: Verification.Result) throws { try Console.json(VerificationResult(result)) }

    private static func words(_ difference: Difference) -> String {
        let revisions = (difference.onlyInSource.isEmpty ? difference.onlyInTarget : difference.onlyInSource)
            .map(\.description).joined(separator: " ")
        return
            "\(difference.kind.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)) \(difference.id)  \(revisions)"
    }
}

/// The JSON form of a verification, schema `couchkeep/verification/1`.
struct VerificationResult: Encodable {
    struct AsOf: Encodable {
        var sequence: String
        var at: Date
    }

    struct Counts: Encodable {
        var equal: Int
        var missing: Int
        var extra: Int
        var otherLeaves: Int
        var bodyDiffers: Int
        var attachmentDiffers: Int
    }

    struct Item: Encodable {
        var id: String
        var `class`: String
        var revisions: [String]
        var extraRevisions: [String]
        var reason: String

        init(_ difference: Difference) {
            (id, `class`) = (difference.id.text, difference.kind.rawValue)
            revisions = difference.onlyInSource.map(\.description)
            extraRevisions = difference.onlyInTarget.map(\.description)
            reason =
                switch difference.kind {
                case .missing: "the target has nothing of the document"
                case .extra: "the source has nothing of the document: purged there, or written at the target"
                case .otherLeaves: "the leaf revisions are not the same"
                case .bodyDiffers: "the same revision has another content"
                case .attachmentDiffers: "the same revision has another attachment"
                }
        }
    }

    var schema = "couchkeep/verification/1"
    var result: String
    var level: String
    var reason: String?
    var asOf: AsOf
    var counts: Counts
    var differences: [Item]
    var seconds: Double

    init(_ verification: Verification.Result) {
        (result, level, reason) = (verification.verdict.rawValue, verification.level.rawValue, verification.reason)
        asOf = AsOf(sequence: verification.sequence.parameter, at: verification.at)
        let found = verification.counts
        counts = Counts(
            equal: found.equal, missing: found.missing, extra: found.extra, otherLeaves: found.otherLeaves,
            bodyDiffers: found.bodyDiffers, attachmentDiffers: found.attachmentDiffers)
        differences = verification.differences.map(Item.init)
        seconds = verification.elapsed / .seconds(1)
    }
}

/// A file with all differences, a JSON object a line.
final class DifferenceFile {
    private let handle: FileHandle

    /// Makes the file anew.
    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    func append(_ difference: Difference) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try handle.write(contentsOf: encoder.encode(VerificationResult.Item(difference)) + Data("\n".utf8))
    }

    func close() throws { try handle.close() }
}
