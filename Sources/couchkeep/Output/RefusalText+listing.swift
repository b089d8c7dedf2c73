import Replication
import Service

/// Telling on standard error what could not be copied.
extension RefusalText {
    private static let shown = 20

    /// Names the first ones on standard error, and says how many more there are.
    ///
    /// - Parameter count: how many there are altogether.
    static func list(_ refusals: [Refusal], of count: Int, as verb: String, isJSON: Bool) {
        for refusal in refusals.prefix(shown) { Console.error("\(verb): \(text(refusal))") }
        let rest = count - min(shown, refusals.count)
        guard rest > 0 else { return }
        let hint =
            isJSON
            ? "" : refusals.count < count ? "; --json names the first \(refusals.count)" : "; --json names them all"
        Console.error("\(verb): and \(rest) more refused\(hint)")
    }
}
