import CouchDB
import Foundation
import Supervision

extension ChannelReport {
    /// How the channel does, in a line.
    func line(now: Date) -> String {
        let sent =
            lastSent.map { "last sent \(Wording.duration(now.timeIntervalSince($0))) ago" } ?? "nothing sent yet"
        let partly = warning.map { ", but: \($0)" } ?? ""
        let waiting = waiting > 0 ? ", \(waiting) waiting" : ""
        return "\(channel): \(error.map { "FAILS: \($0)" } ?? sent)\(partly)\(waiting)"
    }
}
