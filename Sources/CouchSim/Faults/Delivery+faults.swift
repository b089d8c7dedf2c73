import HTTPTypes

extension Delivery {
    /// Makes the delivery of an answer that some faults befall.
    init(_ response: SimulatedResponse, faults: [StruckFault], plan: FaultPlan, clock: any Clock<Duration>) {
        self.init(response)
        sleep = { try await clock.sleep(for: $0) }
        for fault in faults {
            switch fault.effect {
            case .hangUp: hangsUp = true
            case .cut(let bytes): cut = bytes
            case .stall(let bytes):
                stall = bytes
                waitForRelief = { try await plan.relieved(fault.id) }
            case .drip(let bytes, let pause): drip = (bytes, pause)
            default: break
            }
        }
    }
}

extension SimulatedResponse {
    /// The answer that a fault puts in the place of the server's, if any does.
    init?(faults: [StruckFault]) {
        for fault in faults {
            switch fault.effect {
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
