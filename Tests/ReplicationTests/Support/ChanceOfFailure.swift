import CouchDB
import Synchronization

/// Fails now and then, repeatably as far as the order of calls is.
final class ChanceOfFailure: Sendable {
    private let random: Mutex<SeededGenerator>
    private let percent: Int

    init(seed: UInt64, percent: Int) {
        random = Mutex(SeededGenerator(seed: seed))
        self.percent = percent
    }

    func roll() throws {
        let (number, kind) = random.withLock { random in
            (Int.random(in: 0..<100, using: &random), Int.random(in: 0..<4, using: &random))
        }
        guard number < percent else { return }
        switch kind {
        case 0: throw CouchError(.tooManyRequests, "slow down", status: 429)
        case 1: throw CouchError(.serverError, "badmatch", status: 500)
        case 2: throw CouchError(.malformedAnswer, "cut off")
        default: throw CouchError(.unreachable, "connection reset")
        }
    }
}
