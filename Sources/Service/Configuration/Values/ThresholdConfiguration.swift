/// From when on something is worth telling.
package struct ThresholdConfiguration: Sendable, Equatable {
    package var lagWarning: Duration = .seconds(15 * 60)
    package var lagCritical: Duration = .seconds(60 * 60)
    /// In changes; nil means that the number alone is no reason.
    ///
    /// A bulk load makes it large for a while.
    package var changesWarning: Int?
    package var changesCritical: Int?
    /// How long a job may wait for its turn.
    ///
    /// With a thousand jobs a healthy one waits half an hour.
    package var pendingFor: Duration = .seconds(60 * 60)
    /// How long the checkpoint may stand still while the source moves.
    package var stalledFor: Duration = .seconds(10 * 60)
    /// How many crashes within an hour are one too many.
    package var crashesPerHour = 3
    /// The share of the documents that, deleted between two looks, is suspicious.
    package var massDeletion = Percentage(20)

    package init() {}
}
