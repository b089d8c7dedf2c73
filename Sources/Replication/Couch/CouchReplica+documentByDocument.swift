import CouchDB
import Synchronization

extension CouchReplica {
    /// Asks for one document after another, or for several at a time, and hands out what comes as it comes.
    ///
    /// Of the requests of one call that overlap, one may have an answer of any size. The others are cut off where theirs turn
    /// out to be large, and made again behind all others, one after another: so large documents and attachments are held and
    /// spooled by as many as there are calls.
    ///
    /// - Parameter ask: makes one request; throws `CouchError` with code `answer-too-large` where the answer has more bytes
    ///   than the limit.
    func documentByDocument<Answer: Sendable>(
        _ requests: [DocumentRequest], overlapping: Bool,
        ask:
            @escaping @Sendable (_ request: DocumentRequest, _ sizeLimit: Int?) async throws -> DocumentAnswers<Answer>,
        receive: (Answer) async throws -> Void
    ) async throws {
        var alone = requests
        if overlapping, requests.count > 1 {
            alone = try await severalAtATime(requests, ask: ask, receive: receive)
        }
        for request in alone {
            for answer in try await ask(request, nil).answers { try await receive(answer) }
        }
    }

    /// - Returns: The requests that are to be made alone.
    private func severalAtATime<Answer: Sendable>(
        _ requests: [DocumentRequest],
        ask:
            @escaping @Sendable (_ request: DocumentRequest, _ sizeLimit: Int?) async throws -> DocumentAnswers<Answer>,
        receive: (Answer) async throws -> Void
    ) async throws -> [DocumentRequest] {
        remember { $0.overlap.callBegan() }
        defer { remember { $0.overlap.callEnded() } }
        // Whether none that is under way may have an answer of any size.
        let isFree = Mutex(true)
        var large: [DocumentRequest] = []
        try await requests.concurrentForEach(atMost: remember { $0.overlap.share }) { request in
            let mayBeLarge = isFree.withLock { isFree in
                defer { isFree = false }
                return isFree
            }
            defer { if mayBeLarge { isFree.withLock { $0 = true } } }
            return try await self.outcome(of: request, mayBeLarge: mayBeLarge, ask)
        } receive: { outcome in
            switch outcome {
            case .given(let answers): for answer in answers { try await receive(answer) }
            case .tooLarge(let request): large.append(request)
            }
            return true
        }
        return large
    }

    private enum Outcome<Answer: Sendable>: Sendable {
        case given([Answer])
        case tooLarge(DocumentRequest)
    }

    private func outcome<Answer: Sendable>(
        of request: DocumentRequest, mayBeLarge: Bool,
        _ ask: (_ request: DocumentRequest, _ sizeLimit: Int?) async throws -> DocumentAnswers<Answer>
    ) async throws -> Outcome<Answer> {
        let start = ContinuousClock.now
        do {
            let given = try await ask(request, mayBeLarge ? nil : limits.answerBesideOthers)
            let (isLarge, time) = (given.size > limits.answerBesideOthers, start.duration(to: .now))
            remember { $0.overlap.answered(isLarge: isLarge, in: time) }
            return .given(given.answers)
        } catch let error as CouchError where error.code == .answerTooLarge && !mayBeLarge {
            let time = start.duration(to: .now)
            remember { $0.overlap.answered(isLarge: true, in: time) }
            return .tooLarge(request)
        } catch {
            if FailureKind(error) == .passing { remember { $0.overlap.failed() } }
            throw error
        }
    }
}
