import CouchDB
import Foundation
import HTTPTypes

/// A multipart body, written as CouchDB writes it, or read.
struct Multipart {
    private var body: [UInt8] = []
    private let boundary = RevisionHash.hexadecimal((0..<16).map { _ in UInt8.random(in: 0...255) })
    private var type: String

    /// A document, and the bytes of its attachments in the order of their names in it.
    static func related(_ json: OrderedJSON, _ attachments: [Attachment]) -> Multipart {
        var multipart = Multipart(type: "related")
        multipart.append(["Content-Type: application/json"], json.serialized)
        for attachment in attachments {
            multipart.append(
                [
                    "Content-Disposition: attachment; filename=\"\(attachment.name)\"",
                    "Content-Type: \(attachment.contentType)", "Content-Length: \(attachment.data.count)",
                ], attachment.data)
        }
        multipart.close()
        return multipart
    }

    /// Several revisions, those with attachments as multipart bodies of their own.
    static func mixed(_ revisions: [OpenedRevision]) -> Multipart {
        var multipart = Multipart(type: "mixed")
        for revision in revisions {
            guard let json = revision.json else {
                let missing: OrderedJSON = ["missing": .string(revision.asked.description)]
                multipart.append(["Content-Type: application/json; error=\"true\""], missing.serialized)
                continue
            }
            guard !revision.attachments.isEmpty else {
                multipart.append(["Content-Type: application/json"], json.serialized)
                continue
            }
            let inner = related(json, revision.attachments)
            multipart.append(["Content-Type: \(inner.contentType)"], inner.body)
        }
        multipart.close()
        return multipart
    }

    var contentType: String { "multipart/\(type); boundary=\"\(boundary)\"" }
    var response: SimulatedResponse { SimulatedResponse(200, contentType: contentType, body: .bytes(body)) }

    private init(type: String) { self.type = type }

    private mutating func append(_ headers: [String], _ content: [UInt8]) {
        body.append(contentsOf: "\(body.isEmpty ? "" : "\r\n")--\(boundary)\r\n".utf8)
        body.append(contentsOf: headers.map { "\($0)\r\n" }.joined().utf8)
        body.append(contentsOf: "\r\n".utf8)
        body.append(contentsOf: content)
    }

    private mutating func close() { body.append(contentsOf: "\r\n--\(boundary)--".utf8) }

    /// Reads a document and the contents of its attachments from a request: JSON, or `multipart/related`.
    static func document(of request: SimulatedRequest) throws(CouchFailure) -> (OrderedJSON, [String: [UInt8]]) {
        guard let type = request.headers[.contentType], type.hasPrefix("multipart/related"),
            let mark = type.firstRange(of: "boundary=")
        else { return (try request.json(), [:]) }
        let boundary = type[mark.upperBound...].prefix { $0 != ";" }.trimmingCharacters(
            in: CharacterSet(charactersIn: "\" "))
        let parts = parts(of: request.body, boundary: boundary)
        guard let first = parts.first else { throw .badRequest("the multipart request has no part") }
        let json: OrderedJSON
        do throws(JSONParser.Invalid) {
            json = try JSONParser.parse(Array(first))
        } catch {
            throw .invalidJSON
        }
        // The parts follow in the order of the attachments that say so; their headers don't count.
        let names = (json["_attachments"]?.members ?? []).filter { $0.value["follows"]?.bool == true }.map(\.name)
        guard names.count == parts.count - 1 else { throw .badRequest("attachments and parts differ in number") }
        return (json, Dictionary(zip(names, parts.dropFirst().map { Array($0) })) { first, _ in first })
    }

    /// The contents of the parts, without their headers.
    private static func parts(of body: [UInt8], boundary: String) -> [Data] {
        let data = Data(body)
        let delimiter = Data("--\(boundary)".utf8)
        var parts: [Data] = []
        var start = data.range(of: delimiter)?.upperBound
        while let from = start, let next = data.range(of: Data("\r\n".utf8) + delimiter, in: from..<data.endIndex) {
            let part = data[from..<next.lowerBound]
            if let blank = part.range(of: Data("\r\n\r\n".utf8)) { parts.append(Data(part[blank.upperBound...])) }
            start = next.upperBound
        }
        return parts
    }
}
