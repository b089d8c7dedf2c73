import CouchDB
import Foundation
import Replication

/// Writes revisions as `multipart/mixed`, those with attachments as `multipart/related` in it, as CouchDB does
/// (`chttpd_db:send_docs_multipart`).
struct MultipartRevisions {
    /// Always as long, since the answer to `HEAD` tells the length of another answer.
    private let boundary = UUID().uuidString

    var contentType: String { "multipart/mixed; boundary=\"\(boundary)\"" }

    func begin(_ output: inout BodyOutput) async throws { try await output.write("--\(boundary)") }

    /// Adds a revision, which must have been rendered with attachments that follow.
    func add(_ document: RenderedDocument, to output: inout BodyOutput) async throws {
        if document.following.isEmpty {
            try await output.write("\r\nContent-Type: application/json\r\n\r\n")
            try await output.write(document)
        } else {
            let related = try RelatedDocument(document)
            try await output.write("\r\nContent-Type: \(related.contentType)\r\n\r\n")
            try await related.write(to: &output)
        }
        try await endPart(&output)
    }

    func add(missing revision: RevisionID, to output: inout BodyOutput) async throws {
        var report = JSONText("{\"missing\":")
        report.append(string: revision.description)
        report.append("}")
        try await add(report: report.bytes, to: &output)
    }

    /// Adds what is to be said of a revision that is not sent.
    func add(report: Data, to output: inout BodyOutput) async throws {
        try await output.write("\r\nContent-Type: application/json; error=\"true\"\r\n\r\n")
        try await output.write(report)
        try await endPart(&output)
    }

    func end(_ output: inout BodyOutput) async throws { try await output.write("--") }

    private func endPart(_ output: inout BodyOutput) async throws { try await output.write("\r\n--\(boundary)") }
}
