/// What tells which database a source is.
package struct SourceIdentity: Sendable, Hashable, Codable {
    /// Its URL without credentials, or another name for people.
    package var name: String
    /// The uuid that Couchkeep left in a `_local` document of the source; nil where there is none.
    package var marker: String?
    /// The newest moment that the marker speaks of; of a source that takes none, the newest moment that was to be marked.
    package var markedMoment: Int?
    /// `instance_start_time`, where the server's version makes it mean something.
    package var instanceStartTime: String?
    /// `purge_seq`, whose number grows where documents are purged.
    package var purgeSequence: String?

    package init(
        name: String, marker: String? = nil, markedMoment: Int? = nil, instanceStartTime: String? = nil,
        purgeSequence: String? = nil
    ) {
        self.name = name
        self.marker = marker
        self.markedMoment = markedMoment
        self.instanceStartTime = instanceStartTime
        self.purgeSequence = purgeSequence
    }
}

extension SourceIdentity {
    /// Whether a mark that is older than the remembered one, or gone, is all that says that this is another state: the
    /// server tells that it was created at the same time.
    package func hasOnlyStaleMark(since remembered: SourceIdentity) -> Bool {
        guard let created = instanceStartTime, created == remembered.instanceStartTime,
            marker == nil || marker == remembered.marker,
            case .newEpoch = SourceVerdict(remembered: remembered, found: self)
        else { return false }
        return true
    }
}

/// Whether a source is the one that the backup was made of.
package enum SourceVerdict: Sendable, Hashable {
    /// Nothing was backed up yet.
    case first
    /// It is the same.
    case same
    /// It has the same name and is another database, or an older state of the same one.
    case newEpoch(reason: String)
    /// It is another database.
    case other(reason: String)

    /// Compares what was remembered with what was found.
    package init(remembered: SourceIdentity, found: SourceIdentity) {
        let isNamedAlike = remembered.name == found.name
        if remembered.name.isEmpty, remembered.marker == nil {
            self = .first
        } else if let marker = remembered.marker, marker == found.marker {
            self = Self.marked(remembered, found)
        } else if remembered.marker != nil {
            let reason =
                found.marker == nil
                ? "the mark that Couchkeep left in the source is gone: it was created anew, or is older than the mark"
                : "the source has the mark of another database"
            self = isNamedAlike ? .newEpoch(reason: reason) : .other(reason: reason)
        } else if let old = remembered.instanceStartTime, let new = found.instanceStartTime {
            let reason = "the source was created at another time than the database that was backed up"
            self = old == new ? .same : isNamedAlike ? .newEpoch(reason: reason) : .other(reason: reason)
        } else {
            // Nothing but the name can be known.
            self = isNamedAlike ? .same : .other(reason: "the backup is one of \(remembered.name)")
        }
    }

    private static func marked(_ remembered: SourceIdentity, _ found: SourceIdentity) -> SourceVerdict {
        if let old = remembered.markedMoment, (found.markedMoment ?? 0) < old {
            return .newEpoch(
                reason: "the source went back in time: its mark is of moment \(found.markedMoment ?? 0), and moment "
                    + "\(old) was backed up")
        }
        if let old = remembered.instanceStartTime, let new = found.instanceStartTime, old != new {
            return .newEpoch(reason: "the source was created anew from a copy of its files")
        }
        return .same
    }
}
