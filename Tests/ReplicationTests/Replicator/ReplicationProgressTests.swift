import Testing

@testable import Replication

@Suite struct ReplicationProgressTests {
    private func progress(read: Int, pending: Int?) -> ReplicationProgress {
        var counts = ReplicationCounts()
        counts.documentsRead = read
        return ReplicationProgress(counts: counts, pending: pending, elapsed: .seconds(1))
    }

    /// 1.x tells no `pending`; what was counted before says nothing any more where more was read.
    @Test func tellsNoNumberThatIsTooSmall() {
        #expect(progress(read: 12, pending: nil).documents(counted: 1) == nil)
        #expect(progress(read: 12, pending: nil).documents(counted: 12) == 12)
        #expect(progress(read: 12, pending: nil).documents(counted: 30) == 30)
        #expect(progress(read: 12, pending: nil).documents(counted: nil) == nil)
        #expect(progress(read: 12, pending: 5).documents(counted: 1) == 17)
    }
}
