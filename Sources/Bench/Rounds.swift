/// What the rounds of one measurement took. Two things are measured in turn, so that both meet the same moods of a machine.
struct Rounds {
    static let few = 3
    static let many = 5

    private(set) var seconds: [Double] = []
    /// The largest of all rounds, in bytes.
    private(set) var peakMemory = 0

    mutating func add(_ seconds: Double) { self.seconds.append(seconds) }

    mutating func add(_ measured: MeasuredCommand) {
        seconds.append(measured.seconds)
        peakMemory = max(peakMemory, measured.peakMemory)
    }

    var median: Double { Self.median(seconds) }

    /// The median of the ratios of both in each round.
    func ratio(to other: Rounds) -> Double { Self.median(zip(seconds, other.seconds).map { $0 / $1 }) }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
