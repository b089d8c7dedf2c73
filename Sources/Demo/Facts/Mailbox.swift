import CouchSim
import Synchronization

/// The mails that have arrived.
final class Mailbox: Sendable {
    private let sink: SMTPSink
    private let seen = Mutex(0)

    init(_ sink: SMTPSink) { self.sink = sink }

    /// The mail server's port on loopback.
    var port: Int { sink.port }

    /// The mails that nobody has taken out yet, the oldest first.
    func takeNew() -> [ReceivedMail] {
        let mails = sink.mails
        return seen.withLock { seen in
            defer { seen = mails.count }
            return Array(mails.dropFirst(seen))
        }
    }
}
