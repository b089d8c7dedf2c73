import CouchDB
import Foundation

/// What a pass found and did: the form of `check --json` and `status --json`, schema `couchkeep/status/1`.
///
/// Fields may be added within a version of the schema; none vanishes or changes its meaning.
package struct Report: Sendable, Codable, Equatable {
    /// The verdict on everything, or on one light.
    package enum Verdict: String, Sendable, Codable {
        case ok
        case problem
        case unknown
    }

    package var schema = "couchkeep/status/1"
    /// When the pass looked.
    package var at: Date
    /// The worst of all pairs and servers.
    package var verdict: Verdict
    package var pairs: [PairReport]
    package var servers: [ServerReport]
    /// Databases of sources that no pair covers, as `server/database`.
    package var unprotected: [String]
    package var channels: [ChannelReport]

    package init(
        at: Date, pairs: [PairReport], servers: [ServerReport], unprotected: [String], channels: [ChannelReport] = []
    ) {
        self.at = at
        self.pairs = pairs
        self.servers = servers
        self.unprotected = unprotected
        self.channels = channels
        verdict = Self.verdict(pairs: pairs, servers: servers)
    }

    /// Whether all is well, nothing was done, and nobody waits for a message that could not be sent.
    package var isUneventful: Bool { verdict == .ok && pairs.allSatisfy(\.repairs.isEmpty) && !hasFailingChannel }

    /// Whether messages can't be sent by one of the ways that are configured.
    package var hasFailingChannel: Bool { channels.contains { $0.error != nil } }

    /// The report with further pairs, which may change the verdict.
    ///
    /// One that has the name of a pair that is there is named by its target: what is told of both must not be one thing.
    package func adding(_ others: [PairReport]) -> Report {
        guard !others.isEmpty else { return self }
        let names = Set(pairs.map(\.pair))
        let named = others.map { other in
            var pair = other
            if names.contains(pair.pair) { pair.pair = pair.target }
            return pair
        }
        return Report(at: at, pairs: pairs + named, servers: servers, unprotected: unprotected, channels: channels)
    }

    /// The report with other pairs, which may change the verdict.
    package func with(pairs: [PairReport]) -> Report {
        Report(at: at, pairs: pairs, servers: servers, unprotected: unprotected, channels: channels)
    }

    /// Takes back all that was good: the report is too old to say so of now.
    package mutating func expire() {
        func expired(_ light: Light) -> Light {
            guard light.state == .ok else { return light }
            return Light(state: .unknown, since: light.since, summary: "\(light.summary), at the last check")
        }
        for index in pairs.indices {
            pairs[index].lights.replicating = expired(pairs[index].lights.replicating)
            pairs[index].lights.verified = expired(pairs[index].lights.verified)
            pairs[index].lights.restorable = expired(pairs[index].lights.restorable)
            pairs[index].lag = Lag(changes: nil, seconds: nil)
        }
        verdict = Self.verdict(pairs: pairs, servers: servers)
    }

    /// A problem is worse than something unknown, and both are worse than ok.
    private static func verdict(pairs: [PairReport], servers: [ServerReport]) -> Verdict {
        let findings = pairs.flatMap(\.findings) + servers.flatMap(\.findings)
        if findings.contains(where: \.isProblem) { return .problem }
        let lights = pairs.flatMap { [$0.lights.replicating, $0.lights.verified, $0.lights.restorable] }
        if lights.contains(where: { $0.state == .problem }) { return .problem }
        // Nothing that is looked at is nothing known to be well.
        return pairs.allSatisfy { $0.mode == .off } || lights.contains { $0.state == .unknown } ? .unknown : .ok
    }
}

/// What is known of one pair.
package struct PairReport: Sendable, Codable, Equatable {
    package var pair: String
    package var source: String
    package var target: String
    package var mode: Pair.Mode
    package var lights: Lights
    package var lag: Lag
    package var findings: [Finding]
    package var repairs: [RepairRecord]

    package init(
        pair: String, source: String, target: String, mode: Pair.Mode, lights: Lights, lag: Lag, findings: [Finding],
        repairs: [RepairRecord]
    ) {
        (self.pair, self.source, self.target, self.mode) = (pair, source, target, mode)
        (self.lights, self.lag, self.findings, self.repairs) = (lights, lag, findings, repairs)
    }
}

/// The three facts of a pair, each of which may be unknown.
package struct Lights: Sendable, Codable, Equatable {
    package var replicating: Light
    package var verified: Light
    package var restorable: Light

    package init(replicating: Light, verified: Light, restorable: Light) {
        (self.replicating, self.verified, self.restorable) = (replicating, verified, restorable)
    }
}

/// One fact of a pair, with its age.
package struct Light: Sendable, Codable, Equatable {
    package enum State: String, Sendable, Codable {
        case ok
        case problem
        case unknown
        /// It is not asked for.
        case off
    }

    package var state: State
    /// Since when it is so; nil where it is off, or not known yet.
    package var since: Date?
    package var summary: String

    private enum CodingKeys: String, CodingKey { case state, since, summary }

    package init(state: State, since: Date?, summary: String) {
        self.state = state
        self.since = since
        self.summary = summary
    }

    /// Writes null for a light that is off, so that the field is always there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(state, forKey: .state)
        try container.encode(since, forKey: .since)
        try container.encode(summary, forKey: .summary)
    }
}

/// How far the backup is behind; nil is unknown, never zero.
package struct Lag: Sendable, Codable, Equatable {
    package var changes: Int?
    package var seconds: Int?

    private enum CodingKeys: String, CodingKey { case changes, seconds }

    package init(changes: Int?, seconds: Int?) {
        self.changes = changes
        self.seconds = seconds
    }

    /// Writes null for what is unknown, so that a reader can't mistake its absence.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(changes, forKey: .changes)
        try container.encode(seconds, forKey: .seconds)
    }
}

/// What is known of one server.
package struct ServerReport: Sendable, Codable, Equatable {
    package var name: String
    package var url: String
    package var reachable: Bool
    package var version: String?
    package var findings: [Finding]

    private enum CodingKeys: String, CodingKey { case name, url, reachable, version, findings }

    package init(name: String, url: String, reachable: Bool, version: String?, findings: [Finding]) {
        self.name = name
        self.url = url
        self.reachable = reachable
        self.version = version
        self.findings = findings
    }

    /// Writes null for a version that is not known.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(url, forKey: .url)
        try container.encode(reachable, forKey: .reachable)
        try container.encode(version, forKey: .version)
        try container.encode(findings, forKey: .findings)
    }
}

/// What is known of one channel of messages.
package struct ChannelReport: Sendable, Codable, Equatable {
    package var channel: String
    package var lastSent: Date?
    /// Why the last delivery failed; nil while messages get through.
    package var error: String?
    /// Who did not get the last message, where others did; nil where everybody did.
    package var warning: String?
    package var waiting: Int

    private enum CodingKeys: String, CodingKey { case channel, lastSent, error, warning, waiting }

    package init(channel: String, lastSent: Date?, error: String?, warning: String? = nil, waiting: Int) {
        (self.channel, self.lastSent) = (channel, lastSent)
        (self.error, self.warning) = (error, warning)
        self.waiting = waiting
    }

    /// Writes null for what is not there, but for a warning.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(channel, forKey: .channel)
        try container.encode(lastSent, forKey: .lastSent)
        try container.encode(error, forKey: .error)
        try container.encodeIfPresent(warning, forKey: .warning)
        try container.encode(waiting, forKey: .waiting)
    }
}
