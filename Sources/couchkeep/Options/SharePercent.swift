import ArgumentParser
import Foundation
import Replication

/// A part of all documents, written `1%`.
struct SharePercent: ExpressibleByArgument {
    let value: Double

    init?(argument: String) {
        guard argument.hasSuffix("%"), let value = Double(argument.dropLast()), value > 0, value <= 100 else {
            return nil
        }
        self.value = value
    }
}

extension Verification.Level: ExpressibleByArgument {}
