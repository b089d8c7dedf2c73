import Foundation

/// The text of a message, for people: what, since when, what it means for the backup, and what to do next.
struct MessageBody {
    /// More than this many entries in one mail are not read; the rest is a count.
    static let entriesShown = 50

    let text: String

    init(transitions: [Transition], at time: Date, origin: MessageOrigin) {
        var blocks = transitions.prefix(Self.entriesShown).map { Self.entry($0, at: time) }
        let more = transitions.count - blocks.count
        if more > 0 { blocks.append("and \(more) more. All of them: couchkeep status") }
        blocks.append(Self.footer(at: time, origin: origin))
        text = blocks.joined(separator: "\n\n") + "\n"
    }

    static func footer(at time: Date, origin: MessageOrigin) -> String {
        let page = origin.externalURL.isEmpty ? "" : "\nStatus: \(origin.externalURL)"
        return "-- \nSent by couchkeep on \(origin.host.singleLine) at \(time.utcText)\(page)"
    }

    private static func entry(_ transition: Transition, at time: Date) -> String {
        let condition = transition.condition
        var lines = ["\(transition.label)  \(condition.subject): \(transition.summary)".singleLine]
        func add(_ name: String, _ value: String) {
            guard !value.isEmpty else { return }
            lines.append("  \(name.padding(toLength: max(9, name.count + 1), withPad: " ", startingAt: 0))\(value)")
        }
        add("since", "\(transition.since.utcText) (\(time.elapsedText(since: transition.since)) ago)")
        if let endedAt = transition.endedAt {
            add("until", "\(endedAt.utcText) (after \(endedAt.elapsedText(since: transition.since)))")
        } else if transition.lastSeen < time {
            let age = time.elapsedText(since: transition.lastSeen)
            add("seen", "\(transition.lastSeen.utcText) (\(age) ago; it could not be checked since)")
        }
        if !transition.folded.isEmpty {
            add("affects", "\(transition.folded.count) more: \(transition.folded)".singleLine)
        }
        if transition.isFiring {
            add("backup", condition.impact.singleLine)
            for (name, value) in condition.details.sorted(by: { $0.key < $1.key }) {
                add(name.singleLine, value.excerpt(500))
            }
            add("next", condition.next.singleLine)
        }
        add("rule", condition.rule)
        return lines.joined(separator: "\n")
    }
}
