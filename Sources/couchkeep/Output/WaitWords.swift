import CouchDB
import Replication

/// Why a run waits, in words for people.
enum WaitWords {
    static func text(_ wait: ReplicaWait) -> String {
        switch wait {
        case .server(let side, let pause, let cause):
            "waiting \(seconds(pause)) for the \(side.rawValue): \(cause)"
        case .arrivals(let count, let pause):
            "\(Wording.documents(count)) \(count == 1 ? "seems" : "seem") to differ, looking again in \(seconds(pause))"
        }
    }

    private static func seconds(_ pause: Duration) -> String { DurationWords.text(pause / .seconds(1)) }
}
