import Alerting
import Vault

/// A kind of scalar: how it is read, and how it is written.
struct ValueKind<Value> {
    /// To follow "must be", such as `a duration such as 30s, 5m, 1h or 7d`.
    let expectation: String
    /// Nil, or an error with better words, when the text is none.
    let parse: (String) throws(InvalidValue) -> Value?
    /// As the file would write it, ready for YAML.
    let text: (Value) -> String
}

/// Better words for a value that is wrong.
///
/// Holds nothing of a secret.
struct InvalidValue: Error {
    let message: String
    let nextStep: String
}

extension ValueKind {
    /// The same, or a word that means none.
    func or(_ word: String) -> ValueKind<Value?> {
        ValueKind<Value?>(
            expectation: "\(expectation), or \(word)",
            parse: { text throws(InvalidValue) -> Value?? in
                if text == word { return .some(nil) }
                return try parse(text).map { .some($0) }
            },
            text: { $0.map(text) ?? word })
    }
}

extension ValueKind where Value == String {
    static var text: Self {
        ValueKind(expectation: "a text", parse: { text throws(InvalidValue) in text }, text: YAMLScalar.text)
    }

    /// A path; a relative one starts at the configuration's folder.
    static func path(from folder: String) -> Self {
        ValueKind(
            expectation: "a path",
            parse: { text throws(InvalidValue) in
                if text.hasPrefix("~") {
                    throw InvalidValue(
                        message: "\(Quotation(text)) starts with ~, which only a shell understands",
                        nextStep: "write the whole path")
                }
                return text.hasPrefix("/") ? text : "\(folder)/\(text)"
            }, text: YAMLScalar.text)
    }

    static var databaseName: Self {
        ValueKind(
            expectation: "a database's name",
            parse: { text throws(InvalidValue) in
                guard DatabaseNaming.isValid(text) else {
                    throw InvalidValue(
                        message: "\(Quotation(text)) is no name that CouchDB accepts for a database",
                        nextStep: "begin with a small letter; then small letters, digits and _$()+-/ may follow")
                }
                return text
            }, text: YAMLScalar.text)
    }

    static var address: Self {
        ValueKind(
            expectation: "an address such as ops@example.org or Operations <ops@example.org>",
            parse: { text throws(InvalidValue) in
                do throws(DeliveryError) {
                    _ = try MailAddress(text)
                    return text
                } catch {
                    throw InvalidValue(message: error.message, nextStep: error.hint)
                }
            }, text: YAMLScalar.text)
    }

    static var environmentVariable: Self {
        ValueKind(
            expectation: "the name of an environment variable",
            parse: { text throws(InvalidValue) in
                let isName = text.utf8.allSatisfy {
                    $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                }
                // Not quoted: the secret itself is put here by mistake.
                guard isName else {
                    throw InvalidValue(
                        message: "this is no name of an environment variable",
                        nextStep: "write the variable's name; letters, digits and _ may stand in it")
                }
                return text
            }, text: YAMLScalar.text)
    }
}

extension ValueKind where Value == Bool {
    static var flag: Self {
        ValueKind(
            expectation: "true or false",
            parse: { text throws(InvalidValue) in text == "true" ? true : text == "false" ? false : nil },
            text: { $0 ? "true" : "false" })
    }
}

extension ValueKind where Value == Int {
    static var count: Self {
        ValueKind(
            expectation: "a whole number above 0",
            parse: { text throws(InvalidValue) in
                guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(text), number > 0 else {
                    return nil
                }
                return number
            }, text: { "\($0)" })
    }
}

extension ValueKind where Value == Duration {
    static var duration: Self {
        ValueKind(
            expectation: "a duration such as 30s, 5m, 1h or 7d",
            parse: { text throws(InvalidValue) in DurationText.parse(text) }, text: DurationText.text)
    }
}

extension ValueKind where Value == Percentage {
    static var percentage: Self {
        ValueKind(
            expectation: "a percentage such as 20% or 0.5%, above 0% and at most 100%",
            parse: { text throws(InvalidValue) in Percentage(text: text) }, text: { "\($0)" })
    }
}

extension ValueKind where Value == RenameTemplate {
    static var rename: Self {
        ValueKind(
            expectation: "a database's name with {name} in it, such as backup-{name}",
            parse: { text throws(InvalidValue) in RenameTemplate(text: text) },
            text: { YAMLScalar.text("\($0)") })
    }
}

extension ValueKind where Value == VerifyConfiguration.Bodies {
    static var bodies: Self {
        ValueKind(
            expectation: "a percentage and how often, such as 1% daily",
            parse: { text throws(InvalidValue) in
                let words = text.split(separator: " ")
                guard words.count == 2, let share = Percentage(text: String(words[0])),
                    let frequency = VerifyConfiguration.Bodies.Frequency(rawValue: String(words[1]))
                else { return nil }
                return VerifyConfiguration.Bodies(share: share, frequency: frequency)
            }, text: { YAMLScalar.text("\($0)") })
    }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
    static var choice: Self {
        let words = Value.allCases.map(\.rawValue)
        return ValueKind(
            expectation: "\(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")",
            parse: { text throws(InvalidValue) in
                if let value = Value(rawValue: text) { return value }
                guard let meant = Spelling.suggestion(for: text, among: words) else { return nil }
                throw InvalidValue(
                    message: "\(Quotation(text)) is none of \(words.joined(separator: ", "))",
                    nextStep: "did you mean \(meant)?")
            }, text: \.rawValue)
    }
}
