import Yams

/// A YAML text as nodes, with keys that come twice kept apart.
///
/// Yams gives up at the first key that comes twice, and says where the first of the two is. To report all errors of a file
/// at once, that first key is painted over, with characters that nobody types, and the text is read again.
struct YAMLDocument {
    /// Why a text is no YAML.
    ///
    /// Never holds a part of the text: a secret may stand there.
    struct Failure: Error, Equatable {
        let position: FilePosition?
        let message: String
    }

    /// Nil when there is nothing but comments.
    let root: Node?
    /// The names of the keys that were painted over.
    private let painted: [FilePosition: String]

    /// More repeated keys than this are not told apart.
    private static let mostRepetitions = 100

    init(_ text: String) throws(Failure) {
        var text = YAMLText(text)
        var painted: [FilePosition: String] = [:]
        while true {
            do {
                // What YAML would take a word for is not asked: each setting reads its own.
                root = try Yams.compose(yaml: text.string, .basic)
                self.painted = painted
                return
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let position = FilePosition(line: context.mark.line, column: context.mark.column)
                guard let name = names.sorted().first, painted.count < Self.mostRepetitions,
                    text.paint(name, at: position, round: UInt32(painted.count))
                else { throw Failure(position: position, message: "a key comes twice") }
                painted[position] = name
            } catch {
                throw Failure(error)
            }
        }
    }

    /// The key's name as the file writes it, or nil when it is no plain text.
    func name(ofKey node: Node) -> String? {
        guard case .scalar(let scalar) = node else { return nil }
        return node.mark.flatMap { painted[FilePosition(line: $0.line, column: $0.column)] } ?? scalar.string
    }
}

extension YAMLDocument.Failure {
    fileprivate init(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            position = FilePosition(line: mark.line, column: mark.column)
            message = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
        case .reader(let problem, _, _, _):
            position = nil
            message = problem
        default:
            position = nil
            message = "it can't be read"
        }
    }
}
