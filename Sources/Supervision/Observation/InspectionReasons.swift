import CouchDB
import Foundation

/// Why a pair is looked at more closely than its lag.
package struct InspectionReasons: OptionSet, Sendable, Hashable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// It is the pair's turn.
    package static let routine = InspectionReasons(rawValue: 1)
    /// Nothing is pending and the counts differ, or a reading from the beginning has to be seen to its end.
    package static let counts = InspectionReasons(rawValue: 2)
    /// The target refused documents.
    package static let refusals = InspectionReasons(rawValue: 4)
    /// A side seems to have gone back in time, or a checkpoint is in question.
    package static let history = InspectionReasons(rawValue: 8)

    /// Decides from what is already known why a pair has to be looked at; empty where it hasn't.
    package static func reasons(for observation: PairObservation, memory: PairMemory) -> InspectionReasons {
        var reasons: InspectionReasons = []
        guard let source = observation.source.info, let target = observation.target.info else { return [] }
        let differs = source.documentCount != target.documentCount || source.deletedCount != target.deletedCount
        if observation.progress.value?.pending == 0, differs || memory.isRescanning { reasons.insert(.counts) }
        if !memory.latches.isEmpty { reasons.formUnion([.counts, .history]) }
        // What is in doubt stays so until it was looked at again.
        if memory.blindSince ?? memory.sourceSuspect ?? memory.targetSuspect != nil { reasons.insert(.history) }
        let failures = observation.replication.value?.statistics?.documentWriteFailures ?? 0
        if failures > 0 || memory.refused > 0 { reasons.insert(.refusals) }
        for (before, now) in [(memory.sourceCounts, source), (memory.targetCounts, target)] {
            if let before, before.regression(to: PairMemory.Counts(now), of: "") != nil { reasons.insert(.history) }
        }
        // A sum over copies that differ is no proof, but a reason to look.
        if let before = memory.targetCounts?.updateNumber, let now = target.updateSequence.displayNumber, now < before {
            reasons.insert(.history)
        }
        return reasons
    }

    /// How many pairs are inspected in each pass without a reason: all of a small fleet, one in a hundred of a large
    /// one, so that a pass over many healthy pairs stays cheap.
    package static func routineBudget(pairs: Int) -> Int { max(10, pairs / 100) }
}
