extension Duration {
    /// The whole length in seconds, for arithmetic with dates.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
