import CouchDB

/// The document differs from what the configuration asks for.
package enum ReplicationAltered: PairRule {
    package static let name = "replication-altered"
    package static let explanation = RuleExplanation(
        title: "the replication document differs from the configuration",
        what:
            "Somebody edited the document, or the configuration changed: other credentials, another address, options that "
            + "make it partial. CouchDB also ignores members it doesn't know, so a misspelled option does nothing.",
        consequence: "The job may copy less than is wanted, or fail at its next start.",
        evidence:
            "The document's source, target, credentials, continuous and options are compared with those wanted; unknown "
            + "members are listed.",
        repair: "Couchkeep writes its own document afresh. A document of somebody else is only touched with --adopt.",
        severity: "warning", sources: ["couch_replicator_parse.erl, convert_options"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary else { return nil }
        // What makes a copy partial or one-shot has rules of its own.
        let handled = Set(primary.document.partialOptions + ["continuous"])
        let differing = differences(situation, primary).filter { !handled.contains($0) }
        let unknown = unknownMembers(of: primary.document.members)
        guard !differing.isEmpty || !unknown.isEmpty else { return nil }
        let whose = primary.isOwned ? "the replication document" : "the replication document \(primary.document.id)"
        return finding(
            differing.isEmpty ? .notice : .warning, situation,
            differing.isEmpty
                ? "\(whose) has members that CouchDB ignores: \(unknown.joined(separator: ", "))"
                : "\(whose) differs from the configuration in: \(differing.joined(separator: ", "))",
            evidence: [
                "document": .text(primary.document.id), "differing": .texts(differing), "ignored": .texts(unknown),
            ], next: primary.isOwned ? "couchkeep check" : "couchkeep check --adopt")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard let primary = situation.primary, !differences(situation, primary).isEmpty else { return nil }
        return .rewriteReplication(documentID: primary.document.id)
    }

    /// A document of somebody else may log in as whomever it likes, but not copy less than everything.
    private static func differences(
        _ situation: PairSituation, _ primary: ReplicationObservation.Documented
    ) -> [String] {
        let all = situation.desired.differences(from: primary.document)
        return primary.isOwned ? all : all.filter { ["create_target", "use_checkpoints", "cancel"].contains($0) }
    }

    /// The members that no version of CouchDB knows, of those that look like options.
    private static func unknownMembers(of members: [String: some Any]) -> [String] {
        let known: Set<String> = [
            "_id", "_rev", "source", "target", "continuous", "create_target", "create_target_params", "cancel",
            "doc_ids",
            "filter", "query_params", "selector", "view", "since_seq", "proxy", "source_proxy", "target_proxy",
            "worker_processes", "worker_batch_size", "http_connections", "connection_timeout", "retries_per_request",
            "socket_options", "use_checkpoints", "checkpoint_interval", "use_bulk_get", "winning_revs_only",
            "ibrowse_options", "user_ctx", "owner", "id", "replication_id", "_local_id", OwnershipMark.member,
        ]
        return members.keys.filter { name in
            !known.contains(name) && !name.hasPrefix("_replication")
                && known.contains { $0.count > 4 && isMisspelling(name, of: $0) }
        }.sorted()
    }

    /// Whether a name is another one with other letter case, without `_`, or with one letter more, less or changed.
    private static func isMisspelling(_ name: String, of known: String) -> Bool {
        func bare(_ text: String) -> [Character] { text.lowercased().filter { $0 != "_" && $0 != "-" }.map { $0 } }
        let left = bare(name)
        let right = bare(known)
        if left == right { return true }
        guard abs(left.count - right.count) <= 1 else { return false }
        let prefix = zip(left, right).prefix { $0 == $1 }.count
        let suffix = zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.count
        return prefix + suffix >= max(left.count, right.count) - 1
    }
}
