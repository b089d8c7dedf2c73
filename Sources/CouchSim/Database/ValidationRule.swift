import CouchDB

/// What stands for a `validate_doc_update` function: this simulation runs no JavaScript.
///
/// The function's text may contain the comment `// couchsim: forbid-if-field NAME` or `unauthorized-if-field NAME`; the
/// text after the name, if any, is the reason. Any other function lets everything pass.
struct ValidationRule: Sendable, Hashable {
    let field: String
    let failure: CouchFailure

    init?(winner: RevisionTree<DocumentBody>.Revision?) {
        guard let winner, !winner.isDeleted, let body = winner.body,
            // What is stored was parsed before.
            let json = try? JSONParser.parse(OrderedJSON.document([], body.members).serialized),
            let text = json["validate_doc_update"]?.string
        else { return nil }
        self.init(function: text)
    }

    init?(function text: String) {
        guard let mark = text.firstRange(of: "// couchsim:") else { return nil }
        let words = text[mark.upperBound...].prefix { $0 != "\n" }
            .split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count >= 2 else { return nil }
        let reason = words.count > 2 ? words[2] : "the field \(words[1]) is forbidden"
        switch words[0] {
        case "forbid-if-field": failure = .forbidden(reason)
        case "unauthorized-if-field": failure = .unauthorized(reason)
        default: return nil
        }
        field = words[1]
    }

    func check(_ members: [OrderedJSON.Member]) throws(CouchFailure) {
        if members.contains(where: { $0.name == field }) { throw failure }
    }
}
