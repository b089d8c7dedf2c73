import CouchDB

/// What a failed call of a replica means for the run.
package enum FailureKind: Sendable, Hashable {
    /// It may pass by itself: slow down and try again.
    case passing
    /// It will not: the run ends.
    case lasting

    package init(_ error: any Error) {
        let passing: Set<CouchError.Code> = [
            .tooManyRequests, .serverError, .timeout, .unreachable, .nameNotResolved, .malformedAnswer,
            .documentBlocked,
        ]
        guard let error = error as? CouchError else {
            self = .lasting
            return
        }
        self = passing.contains(error.code) ? .passing : .lasting
    }
}
