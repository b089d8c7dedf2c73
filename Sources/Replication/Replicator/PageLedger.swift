import CouchDB

/// Which pages of the feed are done, and up to where all of them are.
///
/// A page is done when each revision of it that the target lacked is durable there or set aside. The mark is the end of
/// the last page before which all are done, whatever comes after: only it may stand in a checkpoint.
struct PageLedger: Sendable {
    private struct Page: Sendable {
        var end: UpdateSequence
        /// The revisions that are under way; nil while it isn't known which are.
        var open: Int?
        var refusals: [Refusal] = []
    }

    private let setAsideLimit: Int
    /// The pages from the first one on that isn't done.
    private var pages: [Page] = []
    private var firstIndex = 0
    /// Everything up to here is durable or set aside.
    private(set) var mark: UpdateSequence
    /// What lies before the mark and is not in the target.
    private(set) var setAside: [Refusal] = []

    init(from start: UpdateSequence, setAsideLimit: Int) {
        mark = start
        self.setAsideLimit = setAsideLimit
    }

    /// Whether nothing is under way.
    var isIdle: Bool { pages.isEmpty }

    /// Notes that a page was read, and returns its index.
    mutating func begin(end: UpdateSequence, unusable: [Refusal] = []) -> Int {
        pages.append(Page(end: end, open: nil, refusals: unusable))
        return firstIndex + pages.count - 1
    }

    /// Notes how many revisions of a page are to be copied.
    mutating func expect(_ count: Int, in page: Int) {
        guard pages.indices.contains(page - firstIndex) else { return }
        pages[page - firstIndex].open = count
        advance()
    }

    /// Notes revisions that are durable, by their pages, and those that were set aside.
    mutating func settle(_ counts: [Int: Int], refusals: [(page: Int, refusal: Refusal)] = []) {
        for (page, refusal) in refusals where pages.indices.contains(page - firstIndex) {
            pages[page - firstIndex].refusals.append(refusal)
        }
        for (page, count) in counts { take(count, from: page) }
        advance()
    }

    /// What the mark will be once these revisions are durable.
    func markAfter(_ counts: [Int: Int]) -> (mark: UpdateSequence, setAside: [Refusal]) {
        var later = self
        later.settle(counts)
        return (later.mark, later.setAside)
    }

    private mutating func take(_ count: Int, from page: Int) {
        guard pages.indices.contains(page - firstIndex) else { return }
        pages[page - firstIndex].open = pages[page - firstIndex].open.map { $0 - count }
    }

    private mutating func advance() {
        while let page = pages.first, page.open == 0, setAside.count + page.refusals.count <= setAsideLimit {
            mark = page.end
            setAside += page.refusals
            pages.removeFirst()
            firstIndex += 1
        }
    }
}
