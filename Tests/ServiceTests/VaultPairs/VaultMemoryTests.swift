import Backup
import CouchDB
import Foundation
import Supervision
import Testing

@testable import Service
@testable import Vault

/// Whether a backup in the vault is the one that was there, decided without any I/O.
@Suite("What is remembered of a backup in the vault")
struct VaultMemoryTests {
    private static let morning = Date(timeIntervalSince1970: 1_795_507_200)

    private func time(_ minutes: Int) -> Date { Self.morning.addingTimeInterval(Double(minutes) * 60) }

    /// A backup with moments of these numbers, each so many minutes after the start.
    private func seen(_ moments: [(Int, Int)], of uuid: String = "a") -> SeenBackup {
        .present(
            uuid: uuid,
            moments: moments.map { number, minute in
                Moment(
                    number: number, time: time(minute), epoch: 1, sequence: nil, isComplete: true, setAside: 0,
                    documents: 1, deleted: 0, leaves: 1, verified: nil, digest: DigestSum(), rowHash: 0)
            })
    }

    private func memory(after looks: SeenBackup...) -> VaultMemory {
        var memory = VaultMemory()
        for (minute, look) in looks.enumerated() { memory.advance(look, at: time(100 + minute)) }
        return memory
    }

    @Test func whatGrowsOrIsPrunedIsTheSame() {
        let three = seen([(1, 0), (2, 10), (3, 20)])
        for later in [three, seen([(1, 0), (3, 20)]), seen([(3, 20), (4, 30)]), seen([(5, 40)]), .unknown] {
            #expect(memory(after: three, later).loss == nil, "\(later)")
        }
        #expect(memory(after: .absent, .absent, three).loss == nil)
        #expect(memory(after: .absent).lost(at: time(200)) == nil)
        #expect(memory(after: seen([]), seen([(1, 0)])).loss == nil)
    }

    @Test func whatIsGoneIsLost() throws {
        let three = seen([(1, 0), (2, 10), (3, 20)])
        let others: [(SeenBackup, String)] = [
            (.absent, "none is there now"), (seen([(1, 90)], of: "b"), "another one has begun"),
            (seen([], of: "b"), "none is there now"), (seen([(1, 0), (2, 10)]), "older copy"),
            // An older copy that has gone on: number 3 is a second one.
            (seen([(1, 0), (2, 10), (3, 80), (4, 90)]), "older copy"),
        ]
        for (other, words) in others {
            let memory = memory(after: three, other)
            let finding = try #require(memory.lost(at: time(200)), "\(other)")
            #expect(finding.rule == BackupLost.name && finding.severity == .critical && finding.since == time(101))
            #expect(finding.summary.contains("#3 of ") && finding.summary.contains(words), "\(finding.summary)")
            #expect(!memory.evidence.covers(time(100)) && memory.evidence.covers(time(101)))
        }
    }

    /// Only then may a new backup stand in its place, also when the loss was accepted before there was one.
    @Test func aLossThatWasToldIsKnown() {
        #expect(!memory(after: .absent).knowsLoss && !memory(after: seen([(1, 0)])).knowsLoss)
        var lost = memory(after: seen([(1, 0)]), .absent)
        #expect(lost.knowsLoss)
        lost.acceptWhatWasTold()
        lost.advance(.absent, at: time(200))
        #expect(lost.loss == nil && lost.knowsLoss)
    }

    @Test func aMomentThatCannotBeReadIsNotGone() throws {
        let three = seen([(1, 0), (2, 10), (3, 20)])
        guard case .present(let uuid, let moments, _, _) = three else { return }
        for damaged in [[3], [1, 2, 3]] {
            let left = moments.filter { !damaged.contains($0.number) }
            let look = SeenBackup.present(uuid: uuid, moments: left, damaged: damaged)
            let memory = memory(after: three, look)
            #expect(memory.lost(at: time(200)) == nil)
            let finding = try #require(memory.damaged(look, since: time(150), at: time(200)))
            #expect(finding.rule == BackupDamaged.name && finding.since == time(150), "\(finding)")
            #expect(finding.summary.contains("#3"), "\(finding)")
        }
        #expect(memory(after: three).damaged(three, since: nil, at: time(200)) == nil)
    }

    /// The damaged state is mended by the next backup, and what it has lost of the past stays lost.
    @Test func damageThatABackupMetIsToldUntilSomebodyHasSeenToIt() throws {
        let three = seen([(1, 0), (2, 10), (3, 20)])
        var memory = memory(after: three)
        memory.note(nil, at: time(110))
        #expect(memory.damaged(three, since: nil, at: time(111)) == nil)
        memory.note(DamagedState(leaves: 2), at: time(120))
        memory.note(nil, at: time(130))
        memory = try JSONDecoder().decode(VaultMemory.self, from: try JSONEncoder().encode(memory))
        let finding = try #require(memory.damaged(three, since: nil, at: time(140)))
        #expect(finding.severity == .critical && finding.since == time(120), "\(finding)")
        #expect(finding.summary.contains("2 revisions") && finding.summary.contains("#3"), "\(finding)")
        memory.acceptWhatWasTold()
        #expect(memory.damaged(three, since: nil, at: time(150)) == nil)
    }

    @Test func itStaysUntilTheBackupIsBack() throws {
        let (three, other) = (seen([(1, 0), (2, 10), (3, 20)]), seen([(1, 90)], of: "b"))
        var lost = memory(after: three, other, seen([(1, 90), (2, 95)], of: "b"), .unknown)
        #expect(lost.lost(at: time(200))?.since == time(101))
        // Back, with what was proved of it; what was proved of the other one meanwhile is not about it.
        lost.advance(three, at: time(110))
        #expect(lost.loss == nil && lost.backup?.uuid == "a")
        #expect(lost.evidence.covers(time(50)) && !lost.evidence.covers(time(105)) && lost.evidence.covers(time(111)))
        // The one that stood in its place is lost too: what was proved of it does not count any more.
        let twice = memory(after: three, other, .absent)
        #expect(twice.lost(at: time(200))?.since == time(101) && !twice.evidence.covers(time(101)))
    }

    /// What the mark in the source shows to the backup is told, unless a rule has told it.
    @Test func anEpochThatNoRuleHasSeenIsTold() {
        func seen(_ epoch: Int, reason: String = "the source went back in time") -> SeenBackup {
            guard case .present(let uuid, let moments, _, _) = self.seen([(1, 0)]) else { return .unknown }
            return .present(
                uuid: uuid, moments: moments, epoch: SeenBackup.Epoch(number: epoch, reason: reason))
        }
        func noted(_ look: SeenBackup, isReplaced: Bool = false) -> Finding? {
            var memory = memory(after: seen(1))
            if isReplaced { memory.source.findingsSince[SourceReplaced.name] = time(101) }
            let known = memory.backup
            memory.advance(look, at: time(101))
            let finding = memory.noteEpoch(look, since: known, at: time(101))
            #expect((memory.source.latches[SourceRolledBack.name] == nil) == (finding == nil))
            // It is told once, and then stands as the rule's own.
            #expect(memory.noteEpoch(look, since: memory.backup, at: time(102)) == nil)
            return finding
        }
        #expect(noted(seen(1)) == nil && noted(.absent) == nil)
        #expect(noted(seen(2))?.evidence["shownBy"] == "the source went back in time")
        #expect(noted(seen(2), isReplaced: true) == nil)
        #expect(noted(seen(2, reason: BackupRun.purged)) == nil)
    }

    @Test("After the clock was ahead, moments count from when they are seen, and so does what proves them")
    func theClockWasAhead() {
        let (three, four) = (seen([(1, 0), (2, 10), (3, 9000)]), seen([(1, 0), (2, 10), (3, 9000), (4, 120)]))
        var memory = VaultMemory()
        for (look, minute, since) in [(three, 9000, 9000), (three, 100, 100), (three, 110, 100), (four, 120, 120)] {
            memory.advance(look, at: time(minute))
            #expect(memory.backupSince == time(since), "at \(minute)")
        }
        memory.advance(.absent, at: time(9000))
        #expect(!memory.evidence.covers(time(130)))
        memory.advance(.absent, at: time(130))
        #expect(memory.evidence.covers(time(130)) && !memory.evidence.covers(time(129)))
    }

    @Test func aLossIsAcceptedForGood() throws {
        var memory = memory(after: seen([(1, 0)]), seen([(1, 90)], of: "b"))
        memory.acceptWhatWasTold()
        #expect(memory.lost(at: time(200)) == nil && !memory.evidence.covers(time(99)))
        memory.advance(seen([(1, 90), (2, 95)], of: "b"), at: time(120))
        #expect(memory.loss == nil && memory.evidence.covers(time(101)))
        let stored = try JSONDecoder().decode(VaultMemory.self, from: try JSONEncoder().encode(memory))
        #expect(stored == memory)
    }
}
