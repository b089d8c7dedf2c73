/// The last bytes of a stream that may be endless.
struct OutputTail: Sendable {
    private let limit: Int
    private var bytes: [UInt8] = []
    private(set) var total = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ new: some Collection<UInt8>) {
        total += new.count
        bytes.append(contentsOf: new.suffix(limit))
        if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
    }

    /// The text, with a mark where its beginning is missing.
    var text: String { (total > limit ? "…" : "") + String(decoding: bytes, as: UTF8.self) }
}
