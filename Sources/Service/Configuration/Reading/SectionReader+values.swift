import Yams

extension SectionReader {
    /// Reads a value that has a default.
    func read<Value>(_ key: String, _ kind: ValueKind<Value>, default fallback: Value) -> Value {
        let found = value(key)
        let value = found.flatMap { scalar($0, kind) } ?? fallback
        keep(key, .scalar(kind.text(value), origin: found.map { .file($0.position) } ?? .default))
        return value
    }

    /// Reads a value that may be missing.
    func read<Value>(_ key: String, _ kind: ValueKind<Value>) -> Value? {
        guard let found = value(key), let value = scalar(found, kind) else { return nil }
        keep(key, .scalar(kind.text(value), origin: .file(found.position)))
        return value
    }

    /// Reads a value that must be there.
    func require<Value>(_ key: String, _ kind: ValueKind<Value>) -> Value? {
        guard value(key) != nil else {
            reportMissing(key)
            return nil
        }
        return read(key, kind)
    }

    /// Reads the items of a list.
    ///
    /// Nil when there is none.
    func list(_ key: String) -> [Found]? {
        guard let found = value(key) else { return nil }
        guard case .sequence(let sequence) = found.node else {
            report.add(
                .wrongType, at: found.node.position,
                "\(found.path) must be a list, not \(found.node.localTag == nil ? found.node.typeInWords : "a tag")",
                nextStep: "write [\"FIRST\", \"SECOND\"]")
            return nil
        }
        return sequence.enumerated().map { index, node in
            let path = "\(found.path)[\(index)]"
            report.note(path, at: node.position)
            return Found(node: node, position: node.position, path: path)
        }
    }

    /// Reads a list of values of one kind, and keeps it.
    ///
    /// Nil when there is none; items that don't fit are left out.
    func list<Value>(_ key: String, of kind: ValueKind<Value>) -> [Value]? {
        guard let items = list(key) else { return nil }
        let values = items.compactMap { scalar($0, kind) }
        keep(key, .list(values.map(kind.text), origin: position(of: key).map { .file($0) } ?? .default))
        return values
    }

    /// Reads one value, and reports what is wrong with it.
    func scalar<Value>(_ found: Found, _ kind: ValueKind<Value>) -> Value? {
        guard let text = text(of: found, expectation: kind.expectation) else { return nil }
        do {
            if let value = try kind.parse(text) { return value }
            report.add(
                .invalidValue, at: found.node.position, "\(found.path): \(Quotation(text)) is not \(kind.expectation)",
                nextStep: "write \(kind.expectation)")
        } catch {
            report.add(
                .invalidValue, at: found.node.position, "\(found.path): \(error.message)", nextStep: error.nextStep)
        }
        return nil
    }

    /// The characters of a scalar as the file has them: `off` and `1.0` stay what they are.
    func text(of found: Found, expectation: String) -> String? {
        if let tag = found.node.localTag {
            report.add(
                .wrongType, at: found.node.position, "\(found.path): YAML takes \(Quotation(tag)) for a tag",
                nextStep: "put it in quotes: \"\(tag)\"")
            return nil
        }
        guard case .scalar(let scalar) = found.node, !found.node.isEmptyValue else {
            report.add(
                .wrongType, at: found.node.position,
                "\(found.path) must be \(expectation), not \(found.node.typeInWords)",
                nextStep: "write \(expectation)")
            return nil
        }
        return scalar.string
    }

    /// Reads a section below this one; with defaults only when it isn't there.
    func section(
        _ key: String, _ section: ConfigurationSection, inheriting inherited: SectionReader? = nil
    ) -> SectionReader {
        SectionReader(value(key)?.node, section, path: path(of: key), report: report, inheriting: inherited)
    }

    /// Reads a section below this one, when it is there.
    func optionalSection(_ key: String, _ section: ConfigurationSection) -> SectionReader? {
        value(key) == nil ? nil : self.section(key, section)
    }

    /// Keeps what a section below this one means.
    func keep(_ key: String, _ section: SectionReader) { keep(key, .mapping(section.effective)) }
}
