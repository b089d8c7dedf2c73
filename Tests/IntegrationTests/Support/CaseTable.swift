/// The lines of the table `case | rule that fired | pass in which | repaired` in the log.
enum CaseTable {
    static func note(_ name: String, rule: String, pass: Int, repaired: String) {
        print("[case] \(name) | \(rule) | \(pass) | \(repaired)")
    }
}
