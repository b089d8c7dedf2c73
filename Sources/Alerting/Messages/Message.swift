import Foundation

/// One message to people and machines: everything that one pass has to tell.
///
/// It is written when it is due and stored as it is, so that a later attempt sends the same words.
package struct Message: Sendable, Hashable, Codable, Identifiable {
    package enum Kind: String, Sendable, Hashable, Codable {
        case alert
        /// Sent by `alert test`; never kept for later.
        case test
        /// Several messages that waited for a channel, as one.
        case digest
    }

    /// The same in every attempt and channel, so that a receiver can drop what it has already.
    package var id: String
    package var kind: Kind
    package var at: Date
    package var subject: String
    /// Plain text; lines end with a line feed.
    package var body: String
    /// The machine form, at most ``transitionsKept``.
    package var transitions: [Transition]
    /// How many transitions were left out of ``transitions``.
    package var omitted: Int
    package var origin: MessageOrigin

    package static let transitionsKept = 500

    package init(
        id: String = UUID().uuidString.lowercased(), kind: Kind = .alert, at: Date, subject: String, body: String,
        transitions: [Transition], omitted: Int = 0, origin: MessageOrigin
    ) {
        self.id = id
        self.kind = kind
        self.at = at
        self.subject = subject
        self.body = body
        self.transitions = Array(transitions.prefix(Self.transitionsKept))
        self.omitted = omitted + max(0, transitions.count - Self.transitionsKept)
        self.origin = origin
    }

    /// Writes the message for what is due; nil where nothing is.
    package init?(telling transitions: [Transition], at time: Date, origin: MessageOrigin) {
        guard !transitions.isEmpty else { return nil }
        let body = MessageBody(transitions: transitions, at: time, origin: origin)
        self.init(
            at: time, subject: SubjectLine(transitions).text, body: body.text, transitions: transitions, origin: origin)
    }

    /// Whether any of its problems is open.
    package var isFiring: Bool { transitions.contains(where: \.isFiring) }
}
