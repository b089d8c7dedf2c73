import Foundation
import Supervision
import Testing

@testable import Service

/// What a check changes of a report.
@Suite struct ReportChangesTests {
    private let repair = RepairRecord(
        action: "drill", at: Date(timeIntervalSince1970: 1_795_507_200), result: .planned, detail: "", rule: "schedule")

    private func report(_ count: Int) -> Report {
        Report(
            at: repair.at, pairs: (0..<count).map { PairReport.sample("orders-\($0)") }, servers: [], unprotected: [])
    }

    @Test func aRepairIsAddedOnce() {
        var report = report(3)
        for _ in 0..<2 {
            report.add([report.pairs[1].key: [repair], "no such pair": [repair]])
            report.add(["http://b:5984/orders-2": [repair]], by: \.target)
        }
        #expect(report.pairs.map(\.repairs) == [[], [repair], [repair]])
    }

    @Test("What is due for all pairs of a large fleet is no work of its square", .timeLimit(.minutes(1)))
    func ofALargeFleet() {
        var report = report(30_000)
        report.add(Dictionary(report.pairs.map { ($0.key, [repair]) }, uniquingKeysWith: { $1 }))
        #expect(report.pairs.allSatisfy { $0.repairs == [repair] })
        #expect(report.names.count == 30_000)
    }
}
