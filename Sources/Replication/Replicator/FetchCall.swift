import CouchDB

/// One fetch: what it asks for, what of it is open, and what has come and is not queued yet.
struct FetchCall {
    private struct Key: Hashable {
        var id: DocumentID
        var revision: RevisionID
    }

    /// How much is queued at a time.
    private static let arrivedLimit = (count: 64, weight: 128 << 10)

    /// What is asked for, each revision once.
    private var wanted: [Work] = []
    private var isOpen: [Bool]
    private var places: [Key: Int] = [:]
    /// Further works that ask for the same revision, since several pages list it.
    private var others: [Int: [Work]] = [:]
    /// Where the next answer is expected: most sources answer in the order of the question.
    private var next = 0
    private var arrived: [Fetched] = []
    private var arrivedWeight = 0

    /// How many revisions are not answered.
    private(set) var openCount: Int
    /// The time that answers waited until they could be queued.
    var waited = Duration.zero

    init(_ batch: [Work]) {
        wanted.reserveCapacity(batch.count)
        places.reserveCapacity(batch.count)
        for work in batch {
            let known = places.updateValue(wanted.count, forKey: Key(id: work.id, revision: work.revision))
            guard let known else {
                wanted.append(work)
                continue
            }
            places[Key(id: work.id, revision: work.revision)] = known
            others[known, default: []].append(work)
        }
        isOpen = Array(repeating: true, count: wanted.count)
        openCount = wanted.count
    }

    /// The revisions by document, in their order, each once.
    var leaves: [DocumentLeaves] { DocumentLeaves.grouping(wanted.map { ($0.id, $0.revision) }) }

    /// The work that is not answered.
    var open: [Work] {
        wanted.indices.filter { isOpen[$0] }.flatMap { [wanted[$0]] + (others[$0] ?? []) }
    }

    /// Takes works as answered; none where they were before.
    mutating func close(id: DocumentID, revision: RevisionID) -> [Work] {
        var place = next
        if place >= wanted.count || wanted[place].revision != revision || wanted[place].id != id {
            guard let found = places[Key(id: id, revision: revision)] else { return [] }
            place = found
        }
        next = place + 1
        guard isOpen[place] else { return [] }
        isOpen[place] = false
        openCount -= 1
        return [wanted[place]] + (others[place] ?? [])
    }

    /// Notes what has come.
    mutating func add(_ fetched: Fetched) {
        arrived.append(fetched)
        arrivedWeight += fetched.weight
    }

    /// Whether enough has come to be queued.
    var isFull: Bool { arrived.count >= Self.arrivedLimit.count || arrivedWeight >= Self.arrivedLimit.weight }

    /// Hands out what has come.
    mutating func takeArrived() -> [Fetched] {
        defer { (arrived, arrivedWeight) = ([], 0) }
        return arrived
    }
}
