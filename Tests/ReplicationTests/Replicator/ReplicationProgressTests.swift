import Testing

@testable import Replication

@Suite struct ReplicationProgressTests {
    private func progress(read: Int, pending: Int?, counted: Int?) -> ReplicationProgress {
        var counts = ReplicationCounts()
        counts.documentsRead = read
        return ReplicationProgress(counts: counts, pending: pending, counted: counted, elapsed: .seconds(1))
    }

    /// 1.x tells no `pending`; what was counted before says nothing any more where more was read.
    @Test func tellsNoNumberThatIsTooSmall() {
        #expect(progress(read: 12, pending: nil, counted: 1).documents == nil)
        #expect(progress(read: 12, pending: nil, counted: 12).documents == 12)
        #expect(progress(read: 12, pending: nil, counted: 30).documents == 30)
        #expect(progress(read: 12, pending: nil, counted: nil).documents == nil)
        #expect(progress(read: 12, pending: 5, counted: 1).documents == 17)
    }
}
