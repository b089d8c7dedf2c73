import Foundation
import Service
import Supervision

/// The state of things at the end, and what to do next.
struct Closing {
    func play(_ scene: Scene) async throws {
        let narrator = scene.narrator
        narrator.heading("At the end")
        guard let report = try await scene.couchkeep.status() else {
            throw DemoFailure(.unexpected, "Couchkeep should remember its last check")
        }
        narrator.screen("couchkeep status", ReportText(report, now: Date(), style: narrator.style).render())
        try expect(report.verdict == .ok, "all should be well at the end, and it is: \(report.verdict.rawValue)")
        for pair in report.pairs {
            let lights = [pair.lights.replicating, pair.lights.verified, pair.lights.restorable].map(\.state)
            try expect(lights == [.ok, .ok, .ok], "\(pair.pair) should have three green lights, and has \(lights)")
        }
        narrator.paragraph(
            "On your own servers, this asks both, and writes a configuration that explains itself:")
        narrator.screen(
            "couchkeep init https://couch1.example.org:6984 https://couch2.example.org:6984 \\",
            "  --source-user admin --target-user admin\n")
    }
}
