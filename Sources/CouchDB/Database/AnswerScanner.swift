/// Reads what an answer says from its bytes, as far as they have come.
public protocol AnswerScanner: Sendable {
    /// What the answer consists of.
    associatedtype Event: Sendable

    /// Takes in the next bytes of the answer.
    mutating func append(_ bytes: some Collection<UInt8>)

    /// Returns the next event; nil where the bytes so far don't tell, and behind the end.
    mutating func next() throws(CouchError) -> Event?

    /// Checks, behind the last piece, that the answer was complete.
    mutating func finish() throws(CouchError)
}

extension ChangesScanner: AnswerScanner {}
extension BulkGetScanner: AnswerScanner {}
extension AllDocsScanner: AnswerScanner {}
extension RevisionsReader: AnswerScanner {}
