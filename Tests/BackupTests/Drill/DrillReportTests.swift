import CouchDB
import Foundation
import Replication
import Testing

@testable import Backup

/// What is concluded from what a drill has seen.
@Suite struct DrillReportTests {
    /// A drill after which so many documents differ, and so many refusals by a proxy are named.
    private func concluded(differing: Int, named: Int, by code: CouchError.Code = .documentBlocked) -> DrillReport {
        let now = Date(timeIntervalSince1970: 1_795_507_200)
        var report = DrillReport(backup: "vault:orders", moment: 1, asOf: now, place: "http://standby:5984", at: now)
        report.differing = differing
        let refusals = (0..<named).map { number in
            Refusal(
                id: DocumentID("document-\(number)"), revision: nil, stage: .storing, error: code.rawValue,
                reason: "blocked")
        }
        report.conclude(BodyReport(), refusals: refusals, isInVault: true)
        return report
    }

    @Test("What a proxy keeps out says nothing of the backup, also where it is more than is named")
    func whatAProxyKeepsOut() {
        let most = ReplicationReport.namedRefusals
        #expect(concluded(differing: 3, named: 3).verdict == .unknown)
        #expect(concluded(differing: most + 500, named: most).verdict == .unknown)
        #expect(concluded(differing: 4, named: 3).verdict == .different)
        #expect(concluded(differing: most + 500, named: most, by: .forbidden).verdict == .different)
    }
}
