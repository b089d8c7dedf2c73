/// Compares what a database says of its purges at two times (`purge_seq`).
///
/// The number in front counts them. The rest of what a cluster says depends on which copies of the shards answer
/// (`fabric_db_info.erl`), so it proves nothing.
package enum PurgeSequence {
    /// Whether nothing was purged in between.
    package static func isSame(_ before: String?, _ now: String?) -> Bool {
        guard let (before, now) = numbers(before, now) else { return before == now }
        return before == now
    }

    /// Whether something was purged in between. A copy that is behind may tell of fewer purges than before, which is none.
    package static func hasGrown(from before: String?, to now: String?) -> Bool {
        guard let (before, now) = numbers(before, now) else { return before != now }
        return now > before
    }

    private static func numbers(_ before: String?, _ now: String?) -> (Int, Int)? {
        func number(_ text: String?) -> Int? { text.flatMap { Int($0.prefix { $0.isASCII && $0.isNumber }) } }
        guard let before = number(before), let now = number(now) else { return nil }
        return (before, now)
    }
}
