import CouchDB
import Foundation
import Testing

@testable import Replication

/// Which content counts as damaged, and which as not provable.
@Suite struct RevisionProofTests {
    /// A revision that CouchDB 3.5.0 has made, with that content or other.
    private func revision(_ content: String, hash: String = "0785e9eb543380151003dc452c3a001a") throws -> Revision {
        try Revision(document: Data(#"{"_id":"fixed-01","_rev":"1-\#(hash)",\#(content)}"#.utf8))
    }

    @Test func provesWhatTheIdentityWasMadeOf() throws {
        #expect(RevisionProof(of: try revision(#""x":1"#)) == .proved)
        #expect(RevisionProof(of: try revision(#""x":2"#)) == .notProvable(.otherHash))
        #expect(RevisionProof(of: try revision(#""x":1e999"#)) == .notProvable(.foreignContent))
        #expect(RevisionProof(of: try revision(#""x":1"#, hash: "abc")) == .notProvable(.foreignIdentity))
    }

    /// Only a second witness makes a mismatch damage.
    @Test func callsDamagedOnlyWhatAWitnessContradicts() throws {
        let (good, bad) = (try revision(#""x":1"#), try revision(#""x":2"#))
        #expect(RevisionProof.judge(good, butDiffering: bad, inBody: true) == (.proved, .damaged))
        #expect(RevisionProof.judge(bad, butDiffering: good, inBody: true) == (.damaged, .proved))
        let other = try revision(#""x":3"#)
        #expect(
            RevisionProof.judge(bad, butDiffering: other, inBody: true)
                == (.notProvable(.otherHash), .notProvable(.otherHash)))
        #expect(RevisionProof(of: bad, wasProved: true) == .damaged)
        #expect(RevisionProof(of: good, wasProved: true) == .proved)
    }

    /// A parent that went out of the history is no sign of damage.
    @Test func knowsWhatItCannotKnow() throws {
        let stemmed = try Revision(
            document: Data(#"{"_id":"x","_revisions":{"start":3,"ids":["0785e9eb543380151003dc452c3a001a"]}}"#.utf8))
        #expect(RevisionProof(of: stemmed, wasProved: true) == .notProvable(.parentUnknown))
        let member = AttachmentMember(name: "a", contentType: "text/plain", content: .follows)
        var revision = try revision(#""x":1"#)
        revision.attachments = [Attachment(member: member, content: .memory(Data()))]
        #expect(RevisionProof(of: revision) == .notProvable(.attachmentUnknown))
    }
}
