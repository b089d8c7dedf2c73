import CouchDB

/// Something that was looked at: known, or not.
///
/// What could not be observed is unknown. It is never taken for "no", "none" or zero.
package enum Observed<Value: Sendable>: Sendable {
    /// It was read.
    case known(Value)
    /// It could not be read, and why.
    case unknown(CouchError)

    /// The value, nil where it is unknown.
    package var value: Value? {
        guard case .known(let value) = self else { return nil }
        return value
    }

    /// Why it is unknown.
    package var error: CouchError? {
        guard case .unknown(let error) = self else { return nil }
        return error
    }

    /// Applies a function to a known value.
    package func map<Other: Sendable>(_ transform: (Value) -> Other) -> Observed<Other> {
        switch self {
        case .known(let value): .known(transform(value))
        case .unknown(let error): .unknown(error)
        }
    }
}

extension Observed: Equatable where Value: Equatable {}

extension Observed {
    /// Runs an observation; an error of the server or of the way to it makes the result unknown.
    ///
    /// - Throws: `CancellationError` alone.
    package static func catching(_ body: () async throws -> Value) async throws -> Observed {
        do {
            return .known(try await body())
        } catch let error as CancellationError {
            throw error
        } catch let error as CouchError {
            return .unknown(error)
        } catch {
            return .unknown(CouchError(.unreachable, "\(error)"))
        }
    }
}
