/// The subject of a message: the one thing it tells, or a count with names.
struct SubjectLine {
    static let prefix = "[couchkeep]"
    static let longest = 180

    let text: String

    init(_ transitions: [Transition]) {
        let words =
            if transitions.count == 1, let only = transitions.first {
                Self.words(for: only)
            } else {
                Self.words(for: transitions)
            }
        text = Self.fit("\(Self.prefix) \(words)")
    }

    private static func words(for transition: Transition) -> String {
        let folded = transition.folded.isEmpty ? "" : " (affects \(transition.folded.count) more)"
        return "\(transition.label) \(transition.condition.subject): \(transition.summary)\(folded)"
    }

    private static func words(for transitions: [Transition]) -> String {
        let open = transitions.filter(\.isFiring)
        let over = transitions.count - open.count
        var counts: [String] = []
        if !open.isEmpty { counts.append("\(open.count) problem\(open.count == 1 ? "" : "s")") }
        if over > 0 { counts.append("\(over) resolved") }
        var subjects: [String] = []
        for transition in transitions where !subjects.contains(transition.condition.subject) {
            subjects.append(transition.condition.subject)
        }
        let names = FoldedConditions(
            count: subjects.count, names: Array(subjects.prefix(FoldedConditions.namesKept)))
        return "\(counts.joined(separator: ", ")): \(names)"
    }

    /// One line of bounded length, without control characters: a name or a summary may hold anything.
    static func fit(_ words: String) -> String {
        let line = words.singleLine
        return line.count <= longest ? line : line.prefix(longest - 1) + "…"
    }
}
