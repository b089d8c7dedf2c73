/// How often backups are compared with their sources.
package struct VerifyConfiguration: Sendable, Equatable {
    /// A share of the bodies, compared each time.
    package struct Bodies: Sendable, Equatable {
        /// How often.
        package enum Frequency: String, Sendable, CaseIterable {
            case hourly, daily, weekly, monthly
        }

        package var share: Percentage
        package var frequency: Frequency

        package init(share: Percentage, frequency: Frequency) {
            self.share = share
            self.frequency = frequency
        }
    }

    /// The time between two comparisons of all leaf revisions; nil means never.
    package var revisions: Duration?
    package var bodies: Bodies?
    /// How long one check may spend on verifications.
    package var budget: Duration

    /// Below the time between two checks, which are to come on time.
    package static let defaultBudget = Duration.seconds(300)

    package init(revisions: Duration? = nil, bodies: Bodies? = nil, budget: Duration = Self.defaultBudget) {
        self.budget = budget
        self.revisions = revisions
        self.bodies = bodies
    }
}

extension VerifyConfiguration.Bodies: CustomStringConvertible {
    /// As the file writes it, such as `1% daily`.
    package var description: String { "\(share) \(frequency.rawValue)" }
}
