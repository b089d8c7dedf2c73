import CouchDB

/// Adds up what the tasks of a comparison of bodies have done, page by page of the source's feed: only what stands before
/// the first page that is not done may stand in a checkpoint.
struct BodyLedger: Sendable {
    private struct Page: Sendable {
        /// The position behind it; nil while it is being read.
        var end: UpdateSequence?
        /// Documents that are not compared yet.
        var open = 0
        var report = BodyReport()
        var differences: [Difference] = []
    }

    /// A page of which all documents are compared.
    struct Done: Sendable {
        var report: BodyReport
        var end: UpdateSequence
        var differences: [Difference]
    }

    /// The pages from the first one on that isn't done.
    private var pages: [Page] = [Page()]
    private var firstIndex = 0
    /// Pages that are done, in the order of the feed, and not taken yet.
    private var done: [Done] = []
    private var isClosed = false
    /// All that was done so far, in whatever order.
    private(set) var progress: BodyProgress

    init(_ progress: BodyProgress) { self.progress = progress }

    /// How many finished pages wait to be taken.
    var waiting: Int { done.count }
    /// The page that is being read.
    var current: Int { firstIndex + pages.count - 1 }

    /// Notes documents of the page that is being read.
    mutating func listed(_ rows: Int, chosen: Int) {
        pages[pages.count - 1].open += chosen
        pages[pages.count - 1].report.progress.rows += rows
        pages[pages.count - 1].report.progress.chosen += chosen
        progress.rows += rows
        progress.chosen += chosen
    }

    /// Ends the page that is being read; the next one begins.
    mutating func turn(at end: UpdateSequence) {
        pages[pages.count - 1].end = end
        pages.append(Page())
        advance()
    }

    /// Says that nothing more will be compared, whether all pages are done or not.
    mutating func close() { isClosed = true }

    /// Notes the bytes that were read for documents of a page.
    mutating func read(_ bytes: Int, page: Int) {
        progress.bytes += bytes
        guard pages.indices.contains(page - firstIndex) else { return }
        pages[page - firstIndex].report.progress.bytes += bytes
    }

    /// Notes what became of a document.
    mutating func compared(_ verdicts: [BodyVerdict], difference: Difference?, page: Int) {
        progress.compared += 1
        guard pages.indices.contains(page - firstIndex) else { return }
        pages[page - firstIndex].report.count(verdicts)
        if let difference { pages[page - firstIndex].differences.append(difference) }
        pages[page - firstIndex].open -= 1
        advance()
    }

    /// The next page that is done; nil where none is yet, and an empty array at the end.
    mutating func take() -> [Done]? {
        guard done.isEmpty else { return [done.removeFirst()] }
        return isClosed ? [] : nil
    }

    private mutating func advance() {
        while pages.count > 1, let page = pages.first, page.open == 0, let end = page.end {
            done.append(Done(report: page.report, end: end, differences: page.differences.sorted { $0.id < $1.id }))
            pages.removeFirst()
            firstIndex += 1
        }
    }
}
