import Vault

extension KeepPolicy {
    /// The rules as the configuration has them.
    package init(_ keep: VaultConfiguration.Keep) {
        self.init(
            within: keep.within.map { $0 / .seconds(1) }, last: keep.last, hourly: keep.hourly, daily: keep.daily,
            weekly: keep.weekly, monthly: keep.monthly, yearly: keep.yearly)
    }
}
