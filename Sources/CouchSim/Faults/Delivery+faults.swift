import HTTPTypes

extension Delivery {
    /// Makes the delivery of an answer that some faults befall.
    init(_ response: SimulatedResponse, effects: [Fault.Effect], plan: FaultPlan, clock: any Clock<Duration>) {
        self.init(response)
        sleep = { try await clock.sleep(for: $0) }
        waitForRelief = { [plan] in
            await plan.waitForChange()
            try Task.checkCancellation()
        }
        for effect in effects {
            switch effect {
            case .hangUp: hangsUp = true
            case .cut(let bytes): cut = bytes
            case .stall(let bytes): stall = bytes
            case .drip(let bytes, let pause): drip = (bytes, pause)
            default: break
            }
        }
    }
}

extension SimulatedResponse {
    /// The answer that a fault puts in the place of the server's, if any does.
    init?(effects: [Fault.Effect]) {
        for effect in effects {
            switch effect {
            case .failure(let status, let error, let reason):
                self = .failure(CouchFailure(status, error, reason))
                return
            case .tooManyRequests(let seconds):
                self = .failure(
                    CouchFailure(
                        429, "too_many_requests", "Too many requests", headers: ["Retry-After": String(seconds)]))
                return
            case .page(let html, let status):
                self.init(status, contentType: "text/html", body: .bytes(Array(html.utf8)))
                return
            default: continue
            }
        }
        return nil
    }
}
