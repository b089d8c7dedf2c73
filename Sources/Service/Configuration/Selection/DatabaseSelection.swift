/// Which databases of a server a pair covers, and how they are named at the target.
///
/// The last pattern that fits a name decides whether it is covered. A name at the target that is given with a database
/// holds, whatever pattern with wildcards fits it too.
package struct DatabaseSelection: Sendable, Equatable {
    package var patterns: [DatabasePattern]
    package var rename: RenameTemplate

    package init(_ patterns: [DatabasePattern], rename: RenameTemplate = .same) {
        self.patterns = patterns
        self.rename = rename
    }

    /// What ``matches(_:)`` found.
    package struct Match: Sendable, Equatable {
        /// Sorted by the source's name.
        package var selected: [SelectedDatabase] = []
        /// Patterns with wildcards that fit no name: most likely a slip.
        package var unmatchedPatterns: [String] = []
        /// Databases that are named but not there.
        ///
        /// They are selected all the same, so that their loss is noticed.
        package var missing: [String] = []
        /// Databases that an exclusion took out.
        package var excluded: [String] = []
        /// Sources that are not selected, since they can't have the target's name that comes out.
        package var problems: [SelectionProblem] = []
        /// Those of them that would share a target with others, sorted by the source's name: one may have it already.
        package var rivals: [SelectedDatabase] = []
    }

    /// Applies the patterns to the names of a server's databases.
    package func matches(_ names: some Collection<String>) -> Match {
        let present = Set(names)
        var match = Match()
        var sources: [String: String] = [:]
        for name in present.union(explicitNames) {
            guard let decision = decision(for: name) else { continue }
            guard case .exclude = decision else {
                sources[name] = targetName(of: name)
                if !present.contains(name) { match.missing.append(name) }
                continue
            }
            if present.contains(name) { match.excluded.append(name) }
        }
        for case .include(let glob) in patterns where !present.contains(where: { Self.fits($0, glob) }) {
            match.unmatchedPatterns.append(glob.text)
        }
        for (target, group) in Dictionary(grouping: sources, by: \.value) {
            let group = group.map(\.key).sorted()
            if !DatabaseNaming.isValid(target) {
                match.problems += group.map { .invalidTarget(source: $0, target: target) }
            } else if group.count > 1 {
                match.problems.append(.collision(sources: group, target: target))
                match.rivals += group.map { SelectedDatabase(source: $0, target: target) }
            } else {
                match.selected += group.map { SelectedDatabase(source: $0, target: target) }
            }
        }
        match.selected.sort { $0.source < $1.source }
        match.rivals.sort { $0.source < $1.source }
        match.problems.sort { $0.description < $1.description }
        match.missing.sort()
        match.excluded.sort()
        return match
    }

    /// The databases that are covered whatever the server holds.
    package var explicitNames: [String] {
        patterns.compactMap { if case .named(let source, _) = $0 { source } else { nil } }
    }

    /// Whether an exclusion behind each pattern that selects takes all of it back, so that no database is ever covered.
    package var excludesAll: Bool {
        patterns.indices.allSatisfy { index in
            patterns[(index + 1)...].contains { patterns[index].isTakenBack(by: $0) }
                || patterns[index].isExclusion
        }
    }

    private func decision(for name: String) -> DatabasePattern? {
        patterns.last { pattern in
            switch pattern {
            case .named(let source, _): source == name
            case .include(let glob): Self.fits(name, glob)
            case .exclude(let glob): glob.matches(name)
            }
        }
    }

    private func targetName(of name: String) -> String {
        for case .named(name, target: let target?) in patterns.reversed() { return target }
        return rename.apply(to: name)
    }

    private static func fits(_ name: String, _ glob: Glob) -> Bool {
        !DatabaseNaming.isPassedOver(name) && glob.matches(name)
    }
}
