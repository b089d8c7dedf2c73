import Foundation
import Testing

@testable import Replication

@Suite struct BodyShareTests {
    private static let ids =
        (0..<5000).map { DocumentID("document-\($0)") } + RandomHistory.awkwardIDs.map { DocumentID($0) }

    /// Each document is in exactly one of the shares, and these are of about one size.
    @Test(arguments: [2, 7, 100]) func coversEachDocumentOnce(_ count: Int) {
        let sizes = (0..<count).map { part in Self.ids.count { BodyShare.part(part, of: count).contains($0) } }
        #expect(sizes.reduce(0, +) == Self.ids.count)
        #expect(sizes.allSatisfy { abs($0 - 5000 / count) < 5 * Int(Double(5000 / count).squareRoot()) + 5 })
    }

    @Test func takesOneAfterAnotherDayByDay() {
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        let shares = (0..<10).map { BodyShare.rolling(days: 10, at: start.addingTimeInterval(Double($0) * 86_400)) }
        #expect(Set(shares).count == 10)
        #expect(BodyShare.rolling(days: 10, at: start.addingTimeInterval(864_000)) == shares[0])
        #expect(BodyShare.rolling(days: 10, at: Date(timeIntervalSince1970: -1)) == .part(9, of: 10))
        #expect(BodyShare.rolling(days: 1, at: start) == .all)
    }

    /// What was left to a later day must be found there by a later version too.
    @Test func neverChanges() {
        #expect(
            ["a", "b", "grün", "_design/x"].map { BodyShare.part(1, of: 2).contains($0) } == [false, true, false, true])
    }
}
