import CouchDB
import Foundation

extension RepairPlan {
    /// Whether a step gives nothing but the configuration's credentials to a document of Couchkeep's own, in the place of ones
    /// that a server rejects.
    ///
    /// CouchDB locks an account for some minutes after several wrong logins (`couch_auth_lockout.erl`). While the documents
    /// have an old password, their jobs lock Couchkeep out too, which then sees nothing of the source and would wait for the
    /// lock's end, again and again. What was rejected is no loss; of a secret that was rejected itself nobody knows better.
    ///
    /// - Parameter side: whose server has locked the account, and has to be the one that rejects them.
    static func endsLock(_ action: RepairAction, of side: CrashedSide, in situation: PairSituation) -> Bool {
        guard case .rewriteReplication(let id) = action, let primary = situation.primary, primary.document.id == id,
            primary.isOwned
        else { return false }
        let differing = situation.desired.differences(from: primary.document)
        func credentials(_ side: CrashedSide) -> [String] { ["user", "password", "headers"].map { "\(side) \($0)" } }
        guard differing.allSatisfy(CrashedSide.allCases.flatMap(credentials).contains),
            differing.contains(where: credentials(side).contains)
        else { return false }
        let isOwnRejected = (situation.sourceServerFindings + situation.targetServerFindings).contains {
            $0.rule == CredentialsRejected.name
                && ($0.evidence["cause"] == nil || $0.evidence["rejectedBefore"] != nil)
        }
        // What was rejected long ago may have been right since.
        let crashes = (primary.job?.history ?? []).filter { crash in
            situation.elapsed(since: crash.at).map { $0 <= rejectionHolds } ?? false
        }
        let reasons = ([primary.errorText] + crashes.map(\.reason)).compactMap(\.self)
        return !isOwnRejected && [.crashing, .error].contains(primary.state)
            && reasons.contains {
                CrashCause(reason: $0) == .credentialsRejected && CrashedSide.named(in: $0, situation.desired) == side
            }
    }

    /// In seconds: somewhat longer than a lock, at whose end the next login shows whether it is rejected.
    private static let rejectionHolds: TimeInterval = 900
}
