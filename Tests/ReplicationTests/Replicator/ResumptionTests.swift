import CouchDB
import Foundation
import Testing

@testable import Replication

@Suite struct ResumptionTests {
    private func checkpoint(
        _ sequence: Int64, session: String = "s", number: Int, witnessed: Bool = true, identity: String? = "db"
    ) -> Checkpoint {
        Checkpoint(
            id: "x", sequence: UpdateSequence(.integer(sequence)), sourceIdentity: identity, session: session,
            number: number, time: Date(timeIntervalSince1970: 0), isWitnessed: witnessed)
    }

    @Test func startsWithoutACheckpoint() {
        let resumption = Resumption(target: nil, witness: .found(checkpoint(9, number: 9)), identity: "db")
        #expect(resumption.cause == .first && resumption.sequence == .zero)
    }

    @Test func goesOnWhereBothAgree() {
        let both = checkpoint(9, number: 4)
        let resumption = Resumption(target: both, witness: .found(both), identity: "db")
        #expect(resumption.cause == .resumed && resumption.sequence == both.sequence && resumption.isCopyCurrent)
    }

    @Test func takesTheOlderOfTwo() {
        let (old, new) = (checkpoint(5, number: 3), checkpoint(9, number: 4))
        // The source went back a little, or the run ended between the two writes.
        #expect(Resumption(target: new, witness: .found(old), identity: "db").sequence == old.sequence)
        // The target went back: CouchDB's own replicator takes the source's position here, and leaves a hole for ever.
        #expect(Resumption(target: old, witness: .found(new), identity: "db").sequence == old.sequence)
    }

    @Test func startsAnewWhereTheSourceLostItsCopy() {
        #expect(
            Resumption(target: checkpoint(9, number: 4), witness: .absent, identity: "db").cause == .sourceRolledBack)
        let other = checkpoint(9, session: "older", number: 1)
        #expect(
            Resumption(target: checkpoint(9, number: 4), witness: .found(other), identity: "db").cause
                == .sourceRolledBack)
    }

    @Test func startsAnewForAnotherDatabase() {
        let both = checkpoint(9, number: 4)
        let resumption = Resumption(target: both, witness: .found(both), identity: "another")
        #expect(resumption.cause == .sourceReplaced && resumption.sequence == .zero)
    }

    @Test func goesOnWithoutAWitnessWhereNoneWasEverLeft() {
        let alone = checkpoint(9, number: 4, witnessed: false)
        #expect(Resumption(target: alone, witness: .absent, identity: "db").cause == .resumed)
        #expect(Resumption(target: alone, witness: .unknown, identity: nil).cause == .resumed)
    }
}
